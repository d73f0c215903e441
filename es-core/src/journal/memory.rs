//! `MemoryStore`: a journal and snapshots in memory, for tests, and as the smallest example of a store.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::{Bound, Range, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{
    Append, AppendError, Appended, AppendedStream, Filter, ImportJournal, Imported, Journal, JournalError, JournalId,
    NewEvent, Page, PageSize, RawEvent, StreamAppend,
};
use crate::codec::Payload;
use crate::event::{Clock, CommandId, EventId, Metadata, Position, StreamId, SystemClock, Timestamp};
use crate::hash::Map;
use crate::snapshot::{ListSnapshots, Snapshot, SnapshotStore};

/// A journal and its snapshots in memory. Clones share what they hold; it is gone with the last of them.
///
/// ```
/// use es_core::{Journal, MemoryStore, StreamId};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), es_core::BoxError> {
/// let store = MemoryStore::new();
/// assert_eq!(store.version(&StreamId::new("account", "alice")?).await?, 0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    id: JournalId,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Wakes those that wait for events.
    appended: Notify,
}

/// All events in the order of the journal: the event at index `i` has the position `i + 1`.
#[derive(Debug, Default)]
struct State {
    events: Vec<Stored>,
    /// One after the other.
    payloads: Vec<u8>,
    streams: Map<StreamId, Stream>,
    /// Where in `events` the event of each id is. Ids are made in their order, nearly: then one that is new is found missing
    /// at the end, where all is at hand.
    ids: BTreeMap<EventId, usize>,
    snapshots: BTreeMap<StreamId, BTreeMap<u64, Snapshot>>,
}

#[derive(Debug, Default)]
struct Stream {
    /// Where in `State::events` its events are: that of version `v` at `v - 1`.
    indexes: Vec<usize>,
    /// When the last of them was recorded.
    recorded_at: Option<Timestamp>,
    /// The first and the last version that each command led to.
    commands: Map<CommandId, (u64, u64)>,
}

#[derive(Debug)]
struct Stored {
    id: EventId,
    stream: StreamId,
    version: u64,
    recorded_at: Timestamp,
    name: Cow<'static, str>,
    event_version: u32,
    format: Cow<'static, str>,
    /// Where in `State::payloads` it is.
    payload: Range<usize>,
    metadata: Arc<Metadata>,
}

/// Says what a [`MemoryStore`] is to be like.
#[derive(Debug)]
pub struct MemoryStoreBuilder {
    clock: Arc<dyn Clock>,
}

impl MemoryStoreBuilder {
    /// Takes the time from `clock`; from the system unless this is called.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the store.
    pub fn build(self) -> MemoryStore {
        let shared =
            Shared { id: JournalId::new(), clock: self.clock, state: Mutex::default(), appended: Notify::new() };
        MemoryStore { shared: Arc::new(shared) }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Makes a store that is not like the default.
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder { clock: Arc::new(SystemClock) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is written under the lock can be left half done by a panic: see `State::write`.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryStore {
    fn id(&self) -> JournalId {
        self.shared.id
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        let mut state = self.state();
        if let Some(appended) = state.repeated(&append)? {
            return Ok(appended);
        }
        let recorded_at = state.check_streams(&append, self.shared.clock.now())?;
        let appended = state.write(append, recorded_at);
        drop(state);
        self.shared.appended.notify_waiters();
        Ok(appended)
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        let state = self.state();
        let mut page = Page::new(size, Position::START);
        let indexes = state.indexes(stream);
        let first = as_index(versions.start().saturating_sub(1)).min(indexes.len());
        let end = as_index(*versions.end()).min(indexes.len());
        let indexes = indexes.get(first..end).unwrap_or_default();
        page.reserve(indexes.len(), state.mean_payload().saturating_mul(indexes.len()));
        for &index in indexes {
            if !page.push(state.event(index)) {
                break;
            }
        }
        Ok(page)
    }

    async fn read_all(&self, after: Position, filter: &Filter, size: PageSize) -> Result<Page, JournalError> {
        let state = self.state();
        let mut page = Page::new(size, after);
        if filter.is_all() {
            let events = state.events.len().saturating_sub(as_index(after.number));
            page.reserve(events, state.mean_payload().saturating_mul(events));
        }
        for index in as_index(after.number)..state.events.len() {
            let event = state.event(index);
            if filter.lets_through_event(event.stream, event.name) {
                if !page.push(event) {
                    break;
                }
            } else {
                page.passed(event.position);
            }
        }
        Ok(page)
    }

    async fn version(&self, stream: &StreamId) -> Result<u64, JournalError> {
        Ok(self.state().indexes(stream).len() as u64)
    }

    async fn version_at(&self, stream: &StreamId, time: Timestamp) -> Result<u64, JournalError> {
        let state = self.state();
        let indexes = state.indexes(stream);
        Ok(indexes.partition_point(|&index| state.events[index].recorded_at <= time) as u64)
    }

    async fn find_command(
        &self,
        stream: &StreamId,
        id: CommandId,
    ) -> Result<Option<RangeInclusive<u64>>, JournalError> {
        let state = self.state();
        let found = state.streams.get(stream).and_then(|stream| stream.commands.get(&id));
        Ok(found.map(|&(first, last)| first..=last))
    }

    async fn head(&self) -> Result<Position, JournalError> {
        Ok(self.state().head())
    }

    async fn newest(&self) -> Result<Position, JournalError> {
        self.head().await
    }

    async fn wait(&self, after: Position) -> Result<Position, JournalError> {
        loop {
            // Made before the look at the head: an append between the two is not missed.
            let appended = self.shared.appended.notified();
            let head = self.state().head();
            if head > after {
                return Ok(head);
            }
            appended.await;
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.shared.clock)
    }
}

impl ImportJournal for MemoryStore {
    async fn import(&self, events: Arc<Page>) -> Result<Imported, AppendError> {
        let parts = events.import_parts()?;
        let mut state = self.state();
        if let Some(position) = state.imported_before(&events)? {
            return Ok(Imported { position, repeated: true });
        }
        for part in parts {
            let indexes = state.indexes(part.stream);
            let last = indexes.last().map_or(Timestamp::MIN, |&index| state.events[index].recorded_at);
            part.check(indexes.len() as u64, last)?;
        }
        for event in &*events {
            let new = NewEvent {
                id: event.id,
                name: event.name.to_owned().into(),
                version: event.event_version,
                format: event.payload.format.to_owned().into(),
                payload: event.payload.bytes.to_vec(),
                metadata: Arc::clone(event.metadata),
            };
            state.write_stream(event.stream.clone(), vec![new], event.recorded_at);
        }
        let position = if events.is_empty() { Position::START } else { state.head() };
        drop(state);
        self.shared.appended.notify_waiters();
        Ok(Imported { position, repeated: false })
    }
}

impl State {
    fn indexes(&self, stream: &StreamId) -> &[usize] {
        self.streams.get(stream).map_or(&[], |stream| &stream.indexes)
    }

    /// The bytes of a payload, on average.
    fn mean_payload(&self) -> usize {
        self.payloads.len().checked_div(self.events.len()).unwrap_or(0)
    }

    fn head(&self) -> Position {
        self.events.len().checked_sub(1).map_or(Position::START, position_of)
    }

    fn event(&self, index: usize) -> RawEvent<'_> {
        let stored = &self.events[index];
        RawEvent {
            id: stored.id,
            stream: &stored.stream,
            version: stored.version,
            position: position_of(index),
            recorded_at: stored.recorded_at,
            name: &stored.name,
            event_version: stored.event_version,
            payload: Payload { format: &stored.format, bytes: &self.payloads[stored.payload.clone()] },
            metadata: &stored.metadata,
        }
    }

    /// Where the events of an append are, if all of them are there already, as they would be if it had been written.
    fn repeated(&self, append: &Append) -> Result<Option<Appended>, AppendError> {
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
                let &index = self.ids.get(&event.id).ok_or_else(duplicate)?;
                let stored = &self.events[index];
                let first =
                    versions.as_ref().map_or(stored.version, |versions: &RangeInclusive<u64>| *versions.start());
                let follows = versions.as_ref().is_none_or(|versions| stored.version == versions.end() + 1);
                if stored.stream != *stream || !follows {
                    return Err(duplicate());
                }
                versions = Some(first..=stored.version);
                position = position_of(index);
                recorded_at = stored.recorded_at;
            }
            streams.push(AppendedStream { versions, position });
        }
        let position = streams.iter().map(|stream| stream.position).max().unwrap_or_default();
        Ok(Some(Appended { streams, position, recorded_at, repeated: true }))
    }

    /// The position of the last event of a page, if all of them are there already.
    fn imported_before(&self, page: &Page) -> Result<Option<Position>, AppendError> {
        let Some(first) = page.iter().find(|event| self.ids.contains_key(&event.id)) else { return Ok(None) };
        let duplicate =
            |event: RawEvent<'_>| AppendError::DuplicateEvent { stream: event.stream.clone(), id: event.id };
        let mut last = Position::START;
        for event in page {
            let &index = self.ids.get(&event.id).ok_or_else(|| duplicate(first))?;
            let stored = self.event(index);
            if (stored.stream, stored.version) != (event.stream, event.version) {
                return Err(duplicate(event));
            }
            last = last.max(stored.position);
        }
        Ok(Some(last))
    }

    /// Checks the version of each stream, and gives the time at which the append is recorded: one for all of it, not
    /// earlier than the last event of any stream that it writes to.
    fn check_streams(&self, append: &Append, now: Timestamp) -> Result<Timestamp, AppendError> {
        let mut recorded_at = now;
        for StreamAppend { stream, expected, events } in &append.streams {
            let (actual, last) =
                self.streams.get(stream).map_or((0, None), |stream| (stream.indexes.len() as u64, stream.recorded_at));
            if !expected.allows(actual) {
                return Err(AppendError::Conflict { stream: stream.clone(), expected: *expected, actual });
            }
            if let Some(last) = last.filter(|_| !events.is_empty()) {
                recorded_at = recorded_at.max(last);
            }
        }
        Ok(recorded_at)
    }

    /// Writes what has been checked; nothing in it can fail.
    fn write(&mut self, append: Append, recorded_at: Timestamp) -> Appended {
        let mut streams = Vec::with_capacity(append.streams.len());
        for StreamAppend { stream, events, .. } in append.streams {
            streams.push(self.write_stream(stream, events, recorded_at));
        }
        let position = streams.iter().map(|stream| stream.position).max().unwrap_or_default();
        Appended { streams, position, recorded_at, repeated: false }
    }

    fn write_stream(&mut self, id: StreamId, new: Vec<NewEvent>, recorded_at: Timestamp) -> AppendedStream {
        if new.is_empty() {
            return AppendedStream { versions: None, position: Position::START };
        }
        let stream = self.streams.entry(id.clone()).or_default();
        let before = stream.indexes.len() as u64;
        stream.recorded_at = Some(recorded_at);
        for (event, version) in new.into_iter().zip(before + 1..) {
            let index = self.events.len();
            self.ids.insert(event.id, index);
            stream.indexes.push(index);
            if let Some(command) = event.metadata.command_id {
                stream.commands.entry(command).or_insert((version, version)).1 = version;
            }
            let start = self.payloads.len();
            self.payloads.extend_from_slice(&event.payload);
            self.events.push(Stored {
                id: event.id,
                stream: id.clone(),
                version,
                recorded_at,
                name: event.name,
                event_version: event.version,
                format: event.format,
                payload: start..self.payloads.len(),
                metadata: event.metadata,
            });
        }
        let last = stream.indexes.len() as u64;
        AppendedStream { versions: Some(before + 1..=last), position: position_of(self.events.len() - 1) }
    }
}

fn position_of(index: usize) -> Position {
    Position::new(index as u64 + 1)
}

fn as_index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl SnapshotStore for MemoryStore {
    async fn load_snapshot(
        &self,
        stream: &StreamId,
        up_to: u64,
        format: &str,
    ) -> Result<Option<Snapshot>, JournalError> {
        let state = self.state();
        let newest_first = state.snapshots.get(stream).into_iter().flat_map(|kept| kept.range(..=up_to).rev());
        Ok(newest_first.map(|(_, snapshot)| snapshot).find(|snapshot| snapshot.format == format).cloned())
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), JournalError> {
        let mut state = self.state();
        state.snapshots.entry(snapshot.stream.clone()).or_default().insert(snapshot.version, snapshot);
        Ok(())
    }

    async fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> Result<(), JournalError> {
        if let Some(kept) = self.state().snapshots.get_mut(stream) {
            while kept.len() > keep as usize {
                kept.pop_first();
            }
        }
        Ok(())
    }

    async fn delete_snapshots(&self, stream: &StreamId, versions: RangeInclusive<u64>) -> Result<(), JournalError> {
        if let Some(kept) = self.state().snapshots.get_mut(stream) {
            kept.retain(|version, _| !versions.contains(version));
        }
        Ok(())
    }
}

impl ListSnapshots for MemoryStore {
    async fn list_snapshots(
        &self,
        after: Option<(&StreamId, u64)>,
        size: PageSize,
    ) -> Result<Vec<Snapshot>, JournalError> {
        let state = self.state();
        let first = after.map_or(Bound::Unbounded, |(stream, _)| Bound::Included(stream.clone()));
        let kept = state.snapshots.range((first, Bound::Unbounded)).flat_map(|(_, kept)| kept.values());
        let is_after = |snapshot: &&Snapshot| {
            after.is_none_or(|(stream, version)| snapshot.stream != *stream || snapshot.version > version)
        };
        let mut bytes = 0;
        let fits = |(index, snapshot): &(usize, &Snapshot)| {
            bytes += snapshot.payload.len();
            *index < size.events && (*index == 0 || bytes <= size.bytes)
        };
        Ok(kept.filter(is_after).enumerate().take_while(fits).map(|(_, snapshot)| snapshot.clone()).collect())
    }
}
