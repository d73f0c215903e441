//! `State`: the events of a `MemoryStore`.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::kinds::{Kind, Kinds};
use super::streams::{Stream, Streams};
use crate::codec::Payload;
use crate::event::{CommandId, EventId, Metadata, NO_METADATA, Position, StreamId, Timestamp};
use crate::hash::Map;
use crate::journal::{
    Append, AppendError, Appended, AppendedStream, Filter, NewEvent, Page, PageSize, RawEvent, StreamAppend,
};

/// All events in the order of the journal: the event at index `i` has the position `i + 1`.
#[derive(Debug, Default)]
pub(super) struct State {
    events: Vec<Stored>,
    /// One after the other.
    payloads: Vec<u8>,
    kinds: Kinds,
    streams: Streams,
    /// Where in `events` the event of each id is.
    ids: Map<EventId, usize>,
    /// The first and the last version that each command led to in a stream, by the stream's number.
    commands: Map<(usize, CommandId), (u64, u64)>,
    /// Whether someone may wait for the next event.
    pub(super) is_awaited: bool,
}

#[derive(Debug)]
struct Stored {
    id: EventId,
    /// The number of its stream.
    stream: usize,
    version: u64,
    recorded_at: Timestamp,
    /// The number of its kind.
    kind: usize,
    /// Where in `State::payloads` its payload ends; it begins where that of the event before ends.
    end: usize,
    /// `None` stands for empty metadata.
    metadata: Option<Arc<Metadata>>,
}

/// An event to be written.
pub(super) struct New<'a> {
    pub(super) id: EventId,
    pub(super) kind: Kind,
    pub(super) payload: &'a [u8],
    pub(super) recorded_at: Timestamp,
    pub(super) metadata: &'a Arc<Metadata>,
}

impl State {
    pub(super) fn head(&self) -> Position {
        self.events.len().checked_sub(1).map_or(Position::START, position_of)
    }

    pub(super) fn version(&self, stream: &StreamId) -> u64 {
        self.indexes(stream).len() as u64
    }

    pub(super) fn version_at(&self, stream: &StreamId, time: Timestamp) -> u64 {
        self.indexes(stream).partition_point(|&index| self.events[index].recorded_at <= time) as u64
    }

    pub(super) fn find_command(&self, stream: &StreamId, id: CommandId) -> Option<RangeInclusive<u64>> {
        let &(first, last) = self.commands.get(&(self.streams.find(stream)?, id))?;
        Some(first..=last)
    }

    pub(super) fn read_stream(&self, stream: &StreamId, versions: &RangeInclusive<u64>, size: PageSize) -> Page {
        let mut page = Page::new(size, Position::START);
        let indexes = self.indexes(stream);
        let first = as_index(versions.start().saturating_sub(1)).min(indexes.len());
        let end = as_index(*versions.end()).min(indexes.len());
        let indexes = indexes.get(first..end).unwrap_or_default();
        self.reserve(&mut page, indexes.len().min(size.events));
        let mut kind = None;
        for &index in indexes {
            let before = kind.replace(self.events[index].kind);
            if !page.push_next(self.event(index), kind == before) {
                break;
            }
        }
        page
    }

    pub(super) fn read_all(&self, after: Position, filter: &Filter, size: PageSize) -> Page {
        let mut page = Page::new(size, after);
        if filter.is_all() {
            self.reserve(&mut page, self.events.len().saturating_sub(as_index(after.number)).min(size.events));
        }
        for index in as_index(after.number)..self.events.len() {
            let event = self.event(index);
            if filter.lets_through_event(event.stream, event.name) {
                if !page.push(event) {
                    break;
                }
            } else {
                page.passed(event.position);
            }
        }
        page
    }

    /// Makes room for so many events, with payloads as long as they are on average.
    fn reserve(&self, page: &mut Page, events: usize) {
        let mean = self.payloads.len().checked_div(self.events.len()).unwrap_or(0);
        page.reserve(events, mean.saturating_mul(events));
    }

    fn indexes(&self, stream: &StreamId) -> &[usize] {
        self.streams.by_id(stream).map_or(&[], |stream| &stream.indexes)
    }

    #[inline]
    fn event(&self, index: usize) -> RawEvent<'_> {
        let stored = &self.events[index];
        let start = index.checked_sub(1).map_or(0, |before| self.events[before].end);
        let Kind { name, version, format } = self.kinds.get(stored.kind);
        RawEvent {
            id: stored.id,
            stream: &self.streams.get(stored.stream).id,
            version: stored.version,
            position: position_of(index),
            recorded_at: stored.recorded_at,
            name,
            event_version: *version,
            payload: Payload { format, bytes: &self.payloads[start..stored.end] },
            metadata: stored.metadata.as_ref().unwrap_or(&NO_METADATA),
        }
    }

    /// The event of an id, if it is there.
    pub(super) fn by_id(&self, id: EventId) -> Option<RawEvent<'_>> {
        self.ids.get(&id).map(|&index| self.event(index))
    }

    /// The version of a stream, and when the last of its events was recorded.
    pub(super) fn last_of(&mut self, stream: &StreamId) -> (u64, Timestamp) {
        let stream = self.streams.look_at(stream);
        stream.map_or((0, Timestamp::MIN), |stream| (stream.indexes.len() as u64, stream.recorded_at))
    }

    /// Where the events of an append are, if all of them are there already, as they would be if it had been written.
    pub(super) fn repeated(&self, append: &Append) -> Result<Option<Appended>, AppendError> {
        let events = || append.streams.iter().flat_map(|part| part.events.iter().map(|event| (&part.stream, event.id)));
        let Some((stream, id)) = events().find(|(_, id)| self.ids.contains_key(id)) else { return Ok(None) };
        if events().any(|(_, id)| !self.ids.contains_key(&id)) {
            return Err(AppendError::DuplicateEvent { stream: stream.clone(), id });
        }
        let mut recorded_at = Timestamp::MIN;
        let mut streams = Vec::with_capacity(append.streams.len());
        for StreamAppend { stream, events, .. } in &append.streams {
            let mut versions = None;
            let mut position = Position::START;
            for event in events {
                let duplicate = || AppendError::DuplicateEvent { stream: stream.clone(), id: event.id };
                let stored = self.by_id(event.id).ok_or_else(duplicate)?;
                let first =
                    versions.as_ref().map_or(stored.version, |versions: &RangeInclusive<u64>| *versions.start());
                let follows = versions.as_ref().is_none_or(|versions| stored.version == versions.end() + 1);
                if stored.stream != stream || !follows {
                    return Err(duplicate());
                }
                versions = Some(first..=stored.version);
                position = stored.position;
                recorded_at = stored.recorded_at;
            }
            streams.push(AppendedStream { versions, position });
        }
        let position = streams.iter().map(|stream| stream.position).max().unwrap_or_default();
        Ok(Some(Appended { streams, position, recorded_at, repeated: true }))
    }

    /// Checks the version of each stream, and gives the time at which the append is recorded: one for all of it, not
    /// earlier than the last event of any stream that it writes to.
    pub(super) fn check_streams(&mut self, append: &Append, now: Timestamp) -> Result<Timestamp, AppendError> {
        let mut recorded_at = now;
        for StreamAppend { stream, expected, events } in &append.streams {
            let (actual, last) = self.last_of(stream);
            if !expected.allows(actual) {
                return Err(AppendError::Conflict { stream: stream.clone(), expected: *expected, actual });
            }
            if !events.is_empty() {
                recorded_at = recorded_at.max(last);
            }
        }
        Ok(recorded_at)
    }

    /// Writes what has been checked; nothing in it can fail.
    pub(super) fn write(&mut self, append: &Append, recorded_at: Timestamp) -> Appended {
        let mut streams = Vec::with_capacity(append.streams.len());
        for StreamAppend { stream, events, .. } in &append.streams {
            streams.push(self.write_stream(stream, events, recorded_at));
        }
        let position = streams.iter().map(|stream| stream.position).max().unwrap_or_default();
        Appended { streams, position, recorded_at, repeated: false }
    }

    fn write_stream(&mut self, id: &StreamId, new: &[NewEvent], recorded_at: Timestamp) -> AppendedStream {
        if new.is_empty() {
            return AppendedStream { versions: None, position: Position::START };
        }
        let stream = self.streams.number(id);
        let first = self.streams.get(stream).indexes.len() as u64 + 1;
        for event in new {
            let NewEvent { id, name, version, format, payload, metadata } = event;
            let kind = Kind { name: name.clone(), version: *version, format: format.clone() };
            self.write_event(stream, New { id: *id, kind, payload, recorded_at, metadata });
        }
        let last = self.streams.get(stream).indexes.len() as u64;
        AppendedStream { versions: Some(first..=last), position: self.head() }
    }

    /// Writes the next event of a stream, which has been checked.
    pub(super) fn write_event(&mut self, number: usize, new: New<'_>) {
        let New { id, kind, payload, recorded_at, metadata } = new;
        let index = self.events.len();
        let Stream { indexes, recorded_at: last, .. } = self.streams.get_mut(number);
        indexes.push(index);
        *last = recorded_at;
        let version = indexes.len() as u64;
        self.ids.insert(id, index);
        if let Some(command) = metadata.command_id {
            self.commands.entry((number, command)).or_insert((version, version)).1 = version;
        }
        self.payloads.extend_from_slice(payload);
        self.events.push(Stored {
            id,
            stream: number,
            version,
            recorded_at,
            kind: self.kinds.number(kind),
            end: self.payloads.len(),
            metadata: (!metadata.is_empty()).then(|| Arc::clone(metadata)),
        });
    }

    /// The number of a stream, for an event that is written to it at once.
    pub(super) fn stream_number(&mut self, stream: &StreamId) -> usize {
        self.streams.number(stream)
    }
}

fn position_of(index: usize) -> Position {
    Position::new(index as u64 + 1)
}

fn as_index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
