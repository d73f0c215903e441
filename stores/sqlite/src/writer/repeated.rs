//! Appends that come again because their answer was lost.

use std::ops::RangeInclusive;

use es_core::{Append, AppendError, Appended, AppendedStream, EventId, Position, StreamAppend, StreamId, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::append::Trouble;
use crate::place::Failure;
use crate::reader::{as_time, stream_no};

/// Where an event is that is in the journal already.
pub(super) struct Found {
    pub(super) position: u64,
    pub(super) stream: i64,
    pub(super) version: u64,
    recorded_at: Timestamp,
}

/// Where the events of an append are, if all of them are there already, as they would be if it had been written.
pub(super) fn repeated(db: &Connection, append: &Append) -> Result<Option<Appended>, Trouble> {
    let mut found = Vec::with_capacity(append.len());
    let mut double = None;
    for StreamAppend { stream, events, .. } in &append.streams {
        for event in events {
            let place = find(db, event.id)?;
            if place.is_some() {
                double = double.or(Some((stream, event.id)));
            }
            found.push(place);
        }
    }
    let Some((stream, id)) = double else { return Ok(None) };
    if found.iter().any(Option::is_none) {
        return Err(duplicate(stream, id));
    }
    let mut found = found.into_iter().flatten();
    let mut recorded_at = Timestamp::MIN;
    let mut streams = Vec::with_capacity(append.streams.len());
    for StreamAppend { stream, events, .. } in &append.streams {
        let no = stream_no(db, stream)?;
        let mut versions: Option<RangeInclusive<u64>> = None;
        let mut position = 0;
        for (event, found) in events.iter().zip(&mut found) {
            let follows = versions.as_ref().is_none_or(|versions| found.version == versions.end() + 1);
            if Some(found.stream) != no || !follows {
                return Err(duplicate(stream, event.id));
            }
            versions = Some(versions.map_or(found.version, |versions| *versions.start())..=found.version);
            position = found.position;
            recorded_at = found.recorded_at;
        }
        streams.push(AppendedStream { versions, position: Position::new(position) });
    }
    let position = streams.iter().map(|stream| stream.position).max().unwrap_or_default();
    Ok(Some(Appended { streams, position, recorded_at, repeated: true }))
}

pub(super) fn find(db: &Connection, id: EventId) -> Result<Option<Found>, Failure> {
    let mut query = db.prepare_cached("SELECT position, stream, version, recorded_at FROM events WHERE id = ?1")?;
    let row = query.query_row([id.as_bytes().as_slice()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?, row.get(3)?))
    });
    let Some((position, stream, version, micros)) = row.optional()? else { return Ok(None) };
    let numbers = (u64::try_from(position), u64::try_from(version), as_time(micros));
    let (Ok(position), Ok(version), Some(recorded_at)) = numbers else {
        let what = format!("event {id} has position {position}, version {version} and time {micros}");
        return Err(Failure::Damaged { position: u64::try_from(position).ok(), what });
    };
    Ok(Some(Found { position, stream, version, recorded_at }))
}

fn duplicate(stream: &StreamId, id: EventId) -> Trouble {
    Trouble::Refused(AppendError::DuplicateEvent { stream: stream.clone(), id })
}
