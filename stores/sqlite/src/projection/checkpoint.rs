//! The rows of `projections`.

use es_core::{Checkpoint, EventId, JournalId, LastEvent, Position, StreamId};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::SqliteLease;
use crate::place::Failure;

/// Notes that a new projector has the projection; gives the number of its lease.
pub(super) fn take(db: &Connection, projection: &str) -> Result<i64, Failure> {
    let sql = "INSERT INTO projections (name, epoch) VALUES (?1, 1) \
               ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1 RETURNING epoch";
    Ok(db.prepare_cached(sql)?.query_row([projection], |row| row.get(0))?)
}

/// The number of the lease under which the projection was advanced last.
pub(super) fn epoch(db: &Connection, projection: &str) -> Result<i64, Failure> {
    let mut query = db.prepare_cached("SELECT epoch FROM projections WHERE name = ?1")?;
    Ok(query.query_row([projection], |row| row.get(0)).optional()?.unwrap_or(0))
}

pub(super) fn load(db: &Connection, projection: &str) -> Result<Option<Checkpoint>, Failure> {
    let sql = "SELECT version, journal, position_epoch, position, aggregate, stream, stream_version, event_id \
               FROM projections WHERE name = ?1";
    let mut query = db.prepare_cached(sql)?;
    let row = query.query_row([projection], |row| Ok(checkpoint(row))).optional()?;
    let checkpoint = row.transpose().map_err(|error| match error {
        Failure::Damaged { what, .. } => {
            let what = format!("the checkpoint of projection `{projection}`: {what}");
            Failure::Damaged { position: None, what }
        }
        other => other,
    })?;
    Ok(checkpoint.flatten())
}

fn checkpoint(row: &Row<'_>) -> Result<Option<Checkpoint>, Failure> {
    let Some(version) = row.get::<_, Option<i64>>(0)? else { return Ok(None) };
    let damaged = |what: &str| Failure::Damaged { position: None, what: what.to_owned() };
    let version = u32::try_from(version).map_err(|_| damaged("its version is not one"))?;
    let journal = row.get::<_, String>(1)?.parse().map_err(|_| damaged("its journal is not one"))?;
    let position = position(row.get(2)?, row.get(3)?)?;
    let last = match row.get::<_, Option<String>>(4)? {
        None => None,
        Some(aggregate) => {
            let stream = StreamId::new(&aggregate, &row.get::<_, String>(5)?);
            let version = u64::try_from(row.get::<_, i64>(6)?);
            Some(LastEvent {
                stream: stream.map_err(|_| damaged("its stream is not one"))?,
                version: version.map_err(|_| damaged("the version of its last event is not one"))?,
                id: event_id(row.get_ref(7)?.as_blob().unwrap_or_default())?,
            })
        }
    };
    Ok(Some(Checkpoint { version, journal: JournalId(journal), position, last }))
}

/// Saves a checkpoint; gives `false` where the lease is another one's now.
pub(super) fn save(db: &Connection, lease: &SqliteLease, checkpoint: &Checkpoint) -> Result<bool, Failure> {
    let Checkpoint { version, journal, position, last } = checkpoint;
    let sql = "UPDATE projections SET version = ?3, journal = ?4, position_epoch = ?5, position = ?6, \
               aggregate = ?7, stream = ?8, stream_version = ?9, event_id = ?10 WHERE name = ?1 AND epoch = ?2";
    let changed = db.prepare_cached(sql)?.execute((
        &lease.projection,
        lease.epoch,
        version,
        journal.0.to_string(),
        integer(position.epoch)?,
        integer(position.number)?,
        last.as_ref().map(|last| last.stream.aggregate()),
        last.as_ref().map(|last| last.stream.id()),
        last.as_ref().map(|last| integer(last.version)).transpose()?,
        last.as_ref().map(|last| last.id.as_bytes().as_slice()),
    ))?;
    Ok(changed == 1)
}

/// A number as SQLite has it.
pub(crate) fn integer(number: u64) -> Result<i64, Failure> {
    let too_large =
        |_| Failure::Sqlite(rusqlite::Error::ToSqlConversionFailure(format!("{number} is too large").into()));
    i64::try_from(number).map_err(too_large)
}

pub(crate) fn position(epoch: i64, number: i64) -> Result<Position, Failure> {
    match (u64::try_from(epoch), u64::try_from(number)) {
        (Ok(epoch), Ok(number)) => Ok(Position { epoch, number }),
        _ => Err(Failure::Damaged { position: None, what: format!("the position {epoch}.{number} is not one") }),
    }
}

pub(super) fn event_id(bytes: &[u8]) -> Result<EventId, Failure> {
    let id = Uuid::from_slice(bytes).map(EventId::from_uuid);
    id.map_err(|_| Failure::Damaged { position: None, what: "the id of an event is not one".to_owned() })
}
