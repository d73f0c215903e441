//! The rows of `parked_events`.

use std::ops::RangeInclusive;

use es_core::{EventId, ParkedEvent, Position, ReadStoreError, StreamId, Timestamp};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::checkpoint::{fence, integer, position, too_large};
use super::{PostgresLease, PostgresTx};

/// What comes after all positions that PostgreSQL can have stands for the last of them.
fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) async fn fenced(lease: &PostgresLease, tx: &mut PostgresTx) -> Result<(), ReadStoreError> {
    if !tx.fenced {
        fence(lease, tx).await?;
    }
    Ok(())
}

pub(super) async fn park(
    lease: &PostgresLease,
    tx: &mut PostgresTx,
    event: &ParkedEvent,
) -> Result<(), ReadStoreError> {
    fenced(lease, tx).await?;
    let ParkedEvent { position, stream, version, id, event, error, parked_at } = event;
    let number = |number| integer(number).ok_or_else(|| too_large(tx, number));
    let query = sqlx::query(tx.statements.park.sql())
        .bind(&lease.projection)
        .bind(number(position.epoch)?)
        .bind(number(position.number)?)
        .bind(stream.aggregate())
        .bind(stream.id())
        .bind(number(*version)?)
        .bind(event)
        .bind(id.as_uuid())
        // A text of PostgreSQL cannot hold it, and an error may quote anything.
        .bind(error.as_ref().map(|error| error.replace('\0', "\u{fffd}")))
        .bind(parked_at.as_micros());
    query.execute(tx.own()).await.map_err(|error| tx.error("park an event", error))?;
    Ok(())
}

pub(super) async fn unpark(
    lease: &PostgresLease,
    tx: &mut PostgresTx,
    positions: &RangeInclusive<Position>,
) -> Result<(), ReadStoreError> {
    fenced(lease, tx).await?;
    let (from, to) = (positions.start(), positions.end());
    let query = sqlx::query(tx.statements.unpark.sql())
        .bind(&lease.projection)
        .bind(bounded(from.epoch))
        .bind(bounded(from.number))
        .bind(bounded(to.epoch))
        .bind(bounded(to.number));
    query.execute(tx.own()).await.map_err(|error| tx.error("take back parked events", error))?;
    Ok(())
}

pub(super) async fn parked(
    lease: &PostgresLease,
    tx: &mut PostgresTx,
    after: Position,
    limit: usize,
) -> Result<Vec<ParkedEvent>, ReadStoreError> {
    let query = sqlx::query(tx.statements.parked.sql())
        .bind(&lease.projection)
        .bind(bounded(after.epoch))
        .bind(bounded(after.number))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = query.fetch_all(tx.own()).await.map_err(|error| tx.error("read parked events", error))?;
    let events = rows.iter().map(event).collect::<Result<_, _>>();
    Ok(events.map_err(|what| tx.damaged(format!("the entry of a parked event: {what}")))?)
}

fn event(row: &PgRow) -> Result<ParkedEvent, &'static str> {
    let stream = StreamId::new(row.get(2), row.get(3));
    let parked_at = Timestamp::from_micros(row.get(8));
    Ok(ParkedEvent {
        position: position(row.get(0), row.get(1)).ok_or("its position is not one")?,
        stream: stream.map_err(|_| "its stream is not one")?,
        version: u64::try_from(row.get::<i64, _>(4)).map_err(|_| "its version is not one")?,
        event: row.get(5),
        id: EventId::from_uuid(row.get::<Uuid, _>(6)),
        error: row.get(7),
        parked_at,
    })
}
