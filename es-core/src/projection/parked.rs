//! `ParkedEvent`: an event that could not be projected, or that stands behind such a one.

use crate::event::{EventId, Position, StreamId, Timestamp};

/// An event that has been put aside, so that the other streams go on.
///
/// It names the event; the event itself is in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedEvent {
    /// The event's place in the journal.
    pub position: Position,
    /// The stream that it is in: what comes later in it is parked behind it.
    pub stream: StreamId,
    /// The event's number in the stream.
    pub version: u64,
    /// The event's id.
    pub id: EventId,
    /// The event's name in the journal.
    pub event: String,
    /// Why it was parked; `None` for an event that only stands behind another one of its stream.
    pub error: Option<String>,
    /// When it was parked.
    pub parked_at: Timestamp,
}
