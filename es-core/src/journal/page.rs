//! `Page`: some events as a journal gives them, in one buffer.

use std::ops::Range;
use std::sync::Arc;

use crate::codec::Payload;
use crate::event::{EventId, Metadata, NO_METADATA, Position, StreamId, Timestamp};

/// How much a page may hold: whichever is reached first ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    /// The most events. A page of none has passed nothing: reading goes on from where it was.
    pub events: usize,
    /// The most bytes of payloads. The first event always fits.
    pub bytes: usize,
}

impl PageSize {
    /// At most `events`, and the usual number of bytes.
    pub const fn events(events: usize) -> Self {
        Self { events, ..Self::DEFAULT }
    }

    const DEFAULT: Self = Self { events: 4_096, bytes: 1024 * 1024 };
}

impl Default for PageSize {
    /// 4,096 events or 1 MiB.
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// An event as the journal has it: borrowed from a [`Page`].
#[derive(Debug, Clone, Copy)]
pub struct RawEvent<'a> {
    /// Its id.
    pub id: EventId,
    /// The stream that it is in.
    pub stream: &'a StreamId,
    /// Its number in the stream.
    pub version: u64,
    /// Its place in the whole journal.
    pub position: Position,
    /// When the journal took it.
    pub recorded_at: Timestamp,
    /// Its name.
    pub name: &'a str,
    /// The version of its shape.
    pub event_version: u32,
    /// Its content.
    pub payload: Payload<'a>,
    /// Who led to it, and why.
    pub metadata: &'a Arc<Metadata>,
}

/// Some events, as a journal gives them: their payloads stand in one buffer, to be decoded where they are read.
#[derive(Debug, Clone)]
pub struct Page {
    bytes: Vec<u8>,
    events: Vec<Entry>,
    streams: Vec<StreamId>,
    kinds: Vec<Kind>,
    size: PageSize,
    next: Position,
    more: bool,
    /// At hand: that of most events.
    no_metadata: &'static Arc<Metadata>,
}

#[derive(Debug, Clone)]
struct Entry {
    id: EventId,
    version: u64,
    position: Position,
    recorded_at: Timestamp,
    payload: Range<usize>,
    /// Index in `Page::streams`.
    stream: u32,
    /// Index in `Page::kinds`.
    kind: u32,
    /// `None` stands for empty metadata.
    metadata: Option<Arc<Metadata>>,
}

#[derive(Debug, Clone)]
struct Kind {
    name: Arc<str>,
    version: u32,
    format: Arc<str>,
}

impl Page {
    /// An empty page, to be filled by a store up to `size`; reading goes on from `after`.
    pub fn new(size: PageSize, after: Position) -> Self {
        Self {
            bytes: Vec::new(),
            events: Vec::new(),
            streams: Vec::new(),
            kinds: Vec::new(),
            size,
            next: after,
            more: false,
            no_metadata: &NO_METADATA,
        }
    }

    /// Makes room for so many more events, and so many bytes of their payloads, as far as they go into the page.
    ///
    /// For stores that know how many there will be: the page need not grow then, and be copied.
    pub fn reserve(&mut self, events: usize, bytes: usize) {
        self.events.reserve(events.min(self.size.events.saturating_sub(self.events.len())));
        self.bytes.reserve(bytes.min(self.size.bytes.saturating_sub(self.bytes.len())));
    }

    /// Adds an event, if the page has room for it; otherwise notes that there is [more](Self::more), and gives `false`.
    ///
    /// For stores: the one place where a page's bounds are kept.
    pub fn push(&mut self, event: RawEvent<'_>) -> bool {
        self.push_next(event, false)
    }

    /// Adds an event as [`push`](Self::push) does; `is_alike` for one of the kind of the event before, as a store may know.
    #[inline]
    pub(crate) fn push_next(&mut self, event: RawEvent<'_>, is_alike: bool) -> bool {
        let full = self.events.len() >= self.size.events
            || (!self.events.is_empty() && self.bytes.len() + event.payload.bytes.len() > self.size.bytes);
        if full {
            self.more = true;
            return false;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(event.payload.bytes);
        let entry = Entry {
            id: event.id,
            version: event.version,
            position: event.position,
            recorded_at: event.recorded_at,
            payload: start..self.bytes.len(),
            stream: self.stream_index(event.stream),
            kind: match self.events.last() {
                Some(last) if is_alike => last.kind,
                _ => self.kind_index(&event),
            },
            metadata: (!event.metadata.is_empty()).then(|| Arc::clone(event.metadata)),
        };
        self.events.push(entry);
        self.next = self.next.max(event.position);
        true
    }

    /// Gives the last event its id: for [`read_payloads`](super::Journal::read_payloads), where the others have none.
    pub fn set_last_id(&mut self, id: EventId) {
        if let Some(last) = self.events.last_mut() {
            last.id = id;
        }
    }

    /// Gives the last event its position, in the same way.
    pub fn set_last_position(&mut self, position: Position) {
        if let Some(last) = self.events.last_mut() {
            last.position = position;
            self.next = self.next.max(position);
        }
    }

    /// Leaves out the events after `position`.
    #[cfg(feature = "tokio")]
    pub(crate) fn cut_after(&mut self, position: Position) {
        let kept = self.events.partition_point(|event| event.position <= position);
        self.events.truncate(kept);
        self.next = self.next.min(position);
    }

    /// Notes that all events up to `position` have been looked at.
    pub fn passed(&mut self, position: Position) {
        self.next = self.next.max(position);
    }

    /// Notes that the journal has more events than the page took.
    pub fn has_more(&mut self) {
        self.more = true;
    }

    fn stream_index(&mut self, stream: &StreamId) -> u32 {
        // Streams come in runs; a page that jumps between many of them repeats them.
        if self.streams.last() != Some(stream) {
            self.streams.push(stream.clone());
        }
        u32::try_from(self.streams.len() - 1).unwrap_or(u32::MAX)
    }

    fn kind_index(&mut self, event: &RawEvent<'_>) -> u32 {
        let same = |kind: &Kind| {
            *kind.name == *event.name && kind.version == event.event_version && *kind.format == *event.payload.format
        };
        // Kinds come in runs too.
        if let Some(last) = self.events.last()
            && self.kinds.get(last.kind as usize).is_some_and(same)
        {
            return last.kind;
        }
        let index = self.kinds.iter().position(same).unwrap_or_else(|| {
            self.kinds.push(Kind {
                name: event.name.into(),
                version: event.event_version,
                format: event.payload.format.into(),
            });
            self.kinds.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// The number of events.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there are no events.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether there was more to read when the page was made.
    pub fn more(&self) -> bool {
        self.more
    }

    /// The position from which [`read_all`](super::Journal::read_all) goes on: everything up to it has been looked at.
    pub fn next(&self) -> Position {
        self.next
    }

    /// The events, in order.
    #[inline]
    pub fn iter(&self) -> PageEvents<'_> {
        self.iter_from(0)
    }

    /// The events from the one at `index` on.
    #[inline]
    pub(crate) fn iter_from(&self, index: usize) -> PageEvents<'_> {
        PageEvents { page: self, entries: self.events.get(index..).unwrap_or_default().iter() }
    }

    /// The last event.
    pub fn last(&self) -> Option<RawEvent<'_>> {
        self.events.last().map(|entry| self.event(entry))
    }

    /// The event at `index`.
    pub(crate) fn get(&self, index: usize) -> Option<RawEvent<'_>> {
        self.events.get(index).map(|entry| self.event(entry))
    }

    #[inline]
    fn event<'a>(&'a self, entry: &'a Entry) -> RawEvent<'a> {
        let kind = &self.kinds[entry.kind as usize];
        RawEvent {
            id: entry.id,
            stream: &self.streams[entry.stream as usize],
            version: entry.version,
            position: entry.position,
            recorded_at: entry.recorded_at,
            name: &kind.name,
            event_version: kind.version,
            payload: Payload { format: &kind.format, bytes: &self.bytes[entry.payload.clone()] },
            metadata: entry.metadata.as_ref().unwrap_or(self.no_metadata),
        }
    }
}

impl<'a> IntoIterator for &'a Page {
    type Item = RawEvent<'a>;
    type IntoIter = PageEvents<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Gives the events of a [`Page`].
#[derive(Debug, Clone)]
pub struct PageEvents<'a> {
    page: &'a Page,
    entries: std::slice::Iter<'a, Entry>,
}

impl<'a> Iterator for PageEvents<'a> {
    type Item = RawEvent<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.entries.next().map(|entry| self.page.event(entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl ExactSizeIterator for PageEvents<'_> {}
