//! What the points read, to be compared as a whole.

use crate::event::{EventId, Position, StreamId, Timestamp};
use crate::journal::{Filter, Journal, NewEvent, PageSize, RawEvent};

/// An event as a journal gave it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) stream: StreamId,
    pub(super) version: u64,
    pub(super) position: Position,
    pub(super) recorded_at: Timestamp,
    pub(super) event: NewEvent,
}

impl From<RawEvent<'_>> for Seen {
    fn from(raw: RawEvent<'_>) -> Self {
        Self {
            stream: raw.stream.clone(),
            version: raw.version,
            position: raw.position,
            recorded_at: raw.recorded_at,
            event: NewEvent {
                id: raw.id,
                name: raw.name.to_owned().into(),
                version: raw.event_version,
                format: raw.payload.format.to_owned().into(),
                payload: raw.payload.bytes.to_vec(),
                metadata: raw.metadata.clone(),
            },
        }
    }
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let NewEvent { id, name, version, format, payload, metadata } = &self.event;
        write!(f, "{}#{} at {} {} {id} {name} v{version}", self.stream, self.version, self.position, self.recorded_at)?;
        match std::str::from_utf8(payload) {
            Ok(text) if text.len() <= 100 => write!(f, " {format} {text:?}")?,
            _ => write!(f, " {format} of {} bytes", payload.len())?,
        }
        if metadata.is_empty() { Ok(()) } else { write!(f, " {metadata:?}") }
    }
}

/// The ids of events, in their order.
pub(super) fn ids(seen: &[Seen]) -> Vec<EventId> {
    seen.iter().map(|seen| seen.event.id).collect()
}

/// All events of the journal.
pub(super) async fn all<J: Journal>(journal: &J) -> Vec<Seen> {
    after(journal, Position::START, &Filter::all(), PageSize::default()).await
}

/// The events after a position that a filter lets through, read in pages of `size`.
///
/// Checks of each page that it makes progress, that `more` and `next` are true, and that positions ascend.
pub(super) async fn after<J: Journal>(journal: &J, after: Position, filter: &Filter, size: PageSize) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let mut next = after;
    loop {
        let page = journal.read_all(next, filter, size).await.expect("the journal reads");
        let mut last = next;
        for event in &page {
            assert!(event.position > last, "position {} comes after position {last}", event.position);
            last = event.position;
            seen.push(event.into());
        }
        assert!(page.next() >= last, "a page that ends at {last} says to go on from {}", page.next());
        if !page.more() {
            return seen;
        }
        assert!(page.next() > next, "a page after {next} says that there is more, and makes no progress");
        next = page.next();
    }
}

/// All events of a stream.
pub(super) async fn of_stream<J: Journal>(journal: &J, stream: &StreamId) -> Vec<Seen> {
    of_stream_by(journal, stream, PageSize::default()).await
}

/// All events of a stream, read in pages of `size`. Checks of each page that it goes on where the last one ended.
pub(super) async fn of_stream_by<J: Journal>(journal: &J, stream: &StreamId, size: PageSize) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    loop {
        let next = seen.len() as u64 + 1;
        let page = journal.read_stream(stream, next..=u64::MAX, size).await.expect("the stream reads");
        for event in &page {
            assert_eq!(event.stream, stream, "a read of `{stream}` gave an event of another stream");
            assert_eq!(event.version, seen.len() as u64 + 1, "the versions of `{stream}` have a gap or a double");
            seen.push(event.into());
        }
        if !page.more() {
            return seen;
        }
        assert!(!page.is_empty(), "a page of `{stream}` says that there is more, and is empty");
    }
}
