//! The rows of `projections`.

use es_core::{Checkpoint, EventId, JournalError, JournalId, LastEvent, Position, ReadStoreError, StreamId};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::execute::Execute;
use super::tx::{Under, ended};
use super::{PostgresLease, PostgresTx};

/// What a projection has, as long as the lease is this one's; it stays this one's until the transaction ends.
pub(super) async fn fence(lease: &PostgresLease, tx: &mut PostgresTx) -> Result<PgRow, ReadStoreError> {
    if let Some(found) = tx.found(lease) {
        return Ok(found);
    }
    let load = sqlx::query(tx.statements.load.sql()).bind(&lease.projection).bind(lease.epoch);
    let row = load.fetch_optional(tx.own()).await.map_err(|error| tx.error("load a checkpoint", error))?;
    let row = row.ok_or_else(|| ReadStoreError::TakenOver { projection: lease.projection.clone() })?;
    tx.fenced = true;
    Ok(row)
}

pub(super) async fn load(lease: &PostgresLease, tx: &mut PostgresTx) -> Result<Option<Checkpoint>, ReadStoreError> {
    let row = fence(lease, tx).await?;
    let damaged = |what| tx.damaged(format!("the checkpoint of projection `{}`: {what}", lease.projection));
    Ok(checkpoint(&row).map_err(damaged)?)
}

/// A checkpoint, of a row that begins with it.
pub(super) fn checkpoint(row: &PgRow) -> Result<Option<Checkpoint>, &'static str> {
    let Some(version) = row.get::<Option<i64>, _>(0) else { return Ok(None) };
    let last = match row.get::<Option<&str>, _>(4) {
        None => None,
        Some(aggregate) => {
            let stream = StreamId::new(aggregate, row.get::<Option<&str>, _>(5).unwrap_or_default());
            let version = row.get::<Option<i64>, _>(6).and_then(|version| u64::try_from(version).ok());
            let id = row.get::<Option<Uuid>, _>(7).map(EventId::from_uuid);
            Some(LastEvent {
                stream: stream.map_err(|_| "its stream is not one")?,
                version: version.ok_or("the version of its last event is not one")?,
                id: id.ok_or("its last event has no id")?,
            })
        }
    };
    let (Some(epoch), Some(number)) = (row.get(2), row.get(3)) else { return Err("it has no position") };
    Ok(Some(Checkpoint {
        version: u32::try_from(version).map_err(|_| "its version is not one")?,
        journal: row.get::<Option<Uuid>, _>(1).map(JournalId).ok_or("it has no journal")?,
        position: position(epoch, number).ok_or("its position is not one")?,
        last,
    }))
}

pub(super) async fn save(
    lease: &PostgresLease,
    tx: &mut PostgresTx,
    checkpoint: &Checkpoint,
) -> Result<(), ReadStoreError> {
    let Checkpoint { version, journal, position, last } = checkpoint;
    let number = |number| integer(number).ok_or_else(|| too_large(tx, number));
    let (epoch, at) = (number(position.epoch)?, number(position.number)?);
    let last_version = last.as_ref().map(|last| number(last.version)).transpose()?;
    let token = tx.token().to_owned();
    let query = sqlx::query(tx.statements.save.sql())
        .bind(&lease.projection)
        .bind(lease.epoch)
        .bind(token.clone())
        .bind(i64::from(*version))
        .bind(journal.0)
        .bind(epoch)
        .bind(at)
        .bind(last.as_ref().map(|last| last.stream.aggregate()))
        .bind(last.as_ref().map(|last| last.stream.id()))
        .bind(last_version)
        .bind(last.as_ref().map(|last| last.id.as_uuid()));
    let saved = query.fetch_optional(tx.own()).await.map_err(|error| tx.error("save a checkpoint", error))?;
    if saved.is_some() {
        tx.seal();
        return Ok(());
    }
    let sql = "SELECT current_setting('es.transaction', true) IS NOT DISTINCT FROM $1";
    let is_there = sqlx::query_scalar::<_, bool>(sql).bind(token).fetch_one(tx.own()).await;
    if is_there.map_err(|error| tx.error("save a checkpoint", error))? {
        Err(ReadStoreError::TakenOver { projection: lease.projection.clone() })
    } else {
        Err(ended())
    }
}

/// Has the commit save it.
pub(super) fn save_at_end(
    lease: &PostgresLease,
    tx: &mut PostgresTx,
    checkpoint: &Checkpoint,
) -> Result<(), ReadStoreError> {
    let Checkpoint { version, journal, position, last } = checkpoint;
    let number = |number| integer(number).ok_or_else(|| too_large(tx, number));
    let save = Execute::new("es_save")
        .text(Some(&lease.projection))
        .number(Some(lease.epoch))
        .text(Some(tx.token()))
        .number(Some(i64::from(*version)))
        .uuid(Some(journal.0))
        .number(Some(number(position.epoch)?))
        .number(Some(number(position.number)?))
        .text(last.as_ref().map(|last| last.stream.aggregate()))
        .text(last.as_ref().map(|last| last.stream.id()))
        .number(last.as_ref().map(|last| number(last.version)).transpose()?)
        .uuid(last.as_ref().map(|last| last.id.as_uuid()));
    tx.at_end(Under::of(lease), save);
    Ok(())
}

/// In how many parts a projection is split.
pub(super) async fn parts(lease: &PostgresLease, tx: &mut PostgresTx) -> Result<u16, ReadStoreError> {
    let parts: i32 = fence(lease, tx).await?.get(8);
    let damaged = |_| tx.damaged(format!("projection `{}` is split in {parts} parts", lease.projection));
    Ok(u16::try_from(parts).map_err(damaged)?)
}

/// Notes in how many parts a projection is split.
pub(super) async fn split(lease: &PostgresLease, tx: &mut PostgresTx, parts: u16) -> Result<(), ReadStoreError> {
    let split = sqlx::query(tx.statements.split.sql()).bind(&lease.projection).bind(lease.epoch).bind(i32::from(parts));
    let split = split.fetch_optional(tx.own()).await.map_err(|error| tx.error("split a projection", error))?;
    if split.is_none() {
        return Err(ReadStoreError::TakenOver { projection: lease.projection.clone() });
    }
    let forget = sqlx::query(tx.statements.split_forget.sql()).bind(&lease.projection).bind(parts.to_string());
    forget.execute(tx.own()).await.map_err(|error| tx.error("split a projection", error))?;
    Ok(())
}

/// A number as PostgreSQL has it.
pub(super) fn integer(number: u64) -> Option<i64> {
    i64::try_from(number).ok()
}

pub(super) fn too_large(tx: &PostgresTx, number: u64) -> JournalError {
    tx.damaged(format!("{number} is too large for a position or a version"))
}

pub(super) fn position(epoch: i64, number: i64) -> Option<Position> {
    Some(Position { epoch: u64::try_from(epoch).ok()?, number: u64::try_from(number).ok()? })
}
