//! Appends that come again because their answer was lost.

use es_core::{Append, Appended, AppendedStream, NewEvent, Position, StreamAppend, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::append::{Trouble, duplicate};
use crate::place::Failure;
use crate::reader::{as_time, stream_no};

/// Where an event is that is in the journal already.
struct Place {
    position: u64,
    stream: i64,
    version: u64,
    recorded_at: Timestamp,
}

/// Where the events of an append are, if all of them are there already, as they would be if it had been written.
pub(super) fn repeated(db: &Connection, append: &Append) -> Result<Option<Appended>, Trouble> {
    let mut events = append.streams.iter().flat_map(|stream| &stream.events);
    let found = loop {
        let Some(event) = events.next() else { break false };
        if find(db, event)?.is_some() {
            break true;
        }
    };
    if !found {
        return Ok(None);
    }
    let mut recorded_at = Timestamp::MIN;
    let mut streams = Vec::with_capacity(append.streams.len());
    for StreamAppend { stream, events, .. } in &append.streams {
        let no = stream_no(db, stream)?;
        let mut versions: Option<std::ops::RangeInclusive<u64>> = None;
        let mut position = 0;
        for event in events {
            let place = find(db, event)?.ok_or_else(|| duplicate(stream, event))?;
            let first = versions.as_ref().map_or(place.version, |versions| *versions.start());
            let follows = versions.is_none_or(|versions| place.version == versions.end() + 1);
            if Some(place.stream) != no || !follows {
                return Err(duplicate(stream, event));
            }
            versions = Some(first..=place.version);
            position = place.position;
            recorded_at = place.recorded_at;
        }
        streams.push(AppendedStream { versions, position: Position::new(position) });
    }
    let position = streams.iter().map(|stream| stream.position).max().unwrap_or_default();
    Ok(Some(Appended { streams, position, recorded_at, repeated: true }))
}

fn find(db: &Connection, event: &NewEvent) -> Result<Option<Place>, Failure> {
    let mut query = db.prepare_cached("SELECT position, stream, version, recorded_at FROM events WHERE id = ?1")?;
    let row = query.query_row([event.id.as_bytes().as_slice()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?, row.get(3)?))
    });
    let Some((position, stream, version, micros)) = row.optional()? else { return Ok(None) };
    let numbers = (u64::try_from(position), u64::try_from(version), as_time(micros));
    let (Ok(position), Ok(version), Some(recorded_at)) = numbers else {
        let what = format!("event {} has position {position}, version {version} and time {micros}", event.id);
        return Err(Failure::Damaged { position: u64::try_from(position).ok(), what });
    };
    Ok(Some(Place { position, stream, version, recorded_at }))
}
