//! Pages of events that another journal might have.

use std::sync::Arc;

use super::super::given;
use crate::codec::Payload;
use crate::event::{Position, StreamId, Timestamp};
use crate::journal::{NewEvent, Page, PageSize, RawEvent};

/// When the first event of each page was recorded, unless the point says otherwise.
pub(super) const THEN: Timestamp = Timestamp::from_micros(1_500_000_000_123_456);

/// An event of another journal.
#[derive(Clone)]
pub(super) struct Foreign {
    pub(super) stream: StreamId,
    pub(super) version: u64,
    pub(super) recorded_at: Timestamp,
    pub(super) event: NewEvent,
}

/// The events of a stream with these versions, recorded one after the other.
pub(super) fn foreign(id: &str, versions: std::ops::RangeInclusive<u64>) -> Vec<Foreign> {
    let event = |version: u64| Foreign {
        stream: given::account(id),
        version,
        recorded_at: Timestamp::from_micros(THEN.as_micros() + i64::try_from(version).unwrap_or(0)),
        event: given::event(version),
    };
    versions.map(event).collect()
}

/// A page of events. Their positions are those of the other journal, which mean nothing here.
pub(super) fn page(events: &[Foreign]) -> Arc<Page> {
    let mut page = Page::new(PageSize { events: usize::MAX, bytes: usize::MAX }, Position::START);
    for (event, number) in events.iter().zip(0_u64..) {
        page.push(RawEvent {
            id: event.event.id,
            stream: &event.stream,
            version: event.version,
            position: Position { epoch: 7, number: 1_000_000 + 3 * number },
            recorded_at: event.recorded_at,
            name: &event.event.name,
            event_version: event.event.version,
            payload: Payload { format: &event.event.format, bytes: &event.event.payload },
            metadata: &event.event.metadata,
        });
    }
    Arc::new(page)
}
