//! Appends that come again because their answer was lost.

use std::ops::RangeInclusive;

use es_core::{Append, AppendError, Appended, AppendedStream, EventId, Position, StreamAppend, StreamId, Timestamp};
use rusqlite::Connection;

use super::append::Trouble;
use super::heads::Heads;
use crate::reader::stream_no;

/// Where the events of an append are, if all of them are there already, as they would be if it had been written.
pub(super) fn repeated(db: &Connection, heads: &mut Heads, append: &Append) -> Result<Option<Appended>, Trouble> {
    let (mut found, mut double) = (Vec::new(), None);
    for StreamAppend { stream, events, .. } in &append.streams {
        for event in events {
            if let Some(place) = heads.ids(db)?.find(db, event.id)? {
                found.push(place);
                double = double.or(Some((stream, event.id)));
            }
        }
    }
    let Some((stream, id)) = double else { return Ok(None) };
    if found.len() < append.len() {
        return Err(duplicate(stream, id));
    }
    let mut found = found.into_iter();
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

fn duplicate(stream: &StreamId, id: EventId) -> Trouble {
    Trouble::Refused(AppendError::DuplicateEvent { stream: stream.clone(), id })
}
