//! The rows of `parked_events`.

use std::ops::RangeInclusive;

use es_core::{ParkedEvent, Position, StreamId};
use rusqlite::{Connection, Row};

use super::SqliteLease;
use super::checkpoint::{event_id, integer, position};
use crate::place::Failure;
use crate::reader::{as_integer, as_time};

pub(super) fn park(db: &Connection, lease: &SqliteLease, event: &ParkedEvent) -> Result<(), Failure> {
    let ParkedEvent { position, stream, version, id, event, error, parked_at } = event;
    let sql = "INSERT OR REPLACE INTO parked_events \
               (projection, position_epoch, position, aggregate, stream, version, event, event_id, error, parked_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    db.prepare_cached(sql)?.execute((
        &lease.projection,
        integer(position.epoch)?,
        integer(position.number)?,
        stream.aggregate(),
        stream.id(),
        integer(*version)?,
        event,
        id.as_bytes().as_slice(),
        error,
        parked_at.as_micros(),
    ))?;
    Ok(())
}

pub(super) fn unpark(
    db: &Connection,
    lease: &SqliteLease,
    positions: &RangeInclusive<Position>,
) -> Result<(), Failure> {
    let (from, to) = (positions.start(), positions.end());
    let sql = "DELETE FROM parked_events WHERE projection = ?1 \
               AND (position_epoch, position) >= (?2, ?3) AND (position_epoch, position) <= (?4, ?5)";
    db.prepare_cached(sql)?.execute((
        &lease.projection,
        as_integer(from.epoch),
        as_integer(from.number),
        as_integer(to.epoch),
        as_integer(to.number),
    ))?;
    Ok(())
}

pub(super) fn parked(
    db: &Connection,
    lease: &SqliteLease,
    after: Position,
    limit: usize,
) -> Result<Vec<ParkedEvent>, Failure> {
    let sql = "SELECT position_epoch, position, aggregate, stream, version, event, event_id, error, parked_at \
               FROM parked_events WHERE projection = ?1 AND (position_epoch, position) > (?2, ?3) \
               ORDER BY position_epoch, position LIMIT ?4";
    let mut query = db.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = query.query((&lease.projection, as_integer(after.epoch), as_integer(after.number), limit))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(event(row)?);
    }
    Ok(events)
}

fn event(row: &Row<'_>) -> Result<ParkedEvent, Failure> {
    let position = position(row.get(0)?, row.get(1)?)?;
    let damaged = |what: &str| Failure::Damaged {
        position: Some(position.number),
        what: format!("the entry of a parked event: {what}"),
    };
    let stream = StreamId::new(&row.get::<_, String>(2)?, &row.get::<_, String>(3)?);
    Ok(ParkedEvent {
        position,
        stream: stream.map_err(|_| damaged("its stream is not one"))?,
        version: u64::try_from(row.get::<_, i64>(4)?).map_err(|_| damaged("its version is not one"))?,
        event: row.get(5)?,
        id: event_id(row.get_ref(6)?.as_blob().unwrap_or_default())?,
        error: row.get(7)?,
        parked_at: as_time(row.get(8)?).ok_or_else(|| damaged("its time is outside of all calendars"))?,
    })
}
