//! `Timer`: when to look at an event again.

use crate::event::{EventId, StreamId, Timestamp};

/// A timer that a reaction has set for an event, by [`Commands::after`](super::Commands::after).
///
/// A stream has one of a name: set again, it takes the place of the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// The stream of the event.
    pub stream: StreamId,
    /// What it is called.
    pub name: String,
    /// The id of the event.
    pub event: EventId,
    /// The event's number in its stream.
    pub version: u64,
    /// Where one event in the journal stands for several today: for which of them it was set.
    pub index: u32,
    /// When it is due, by the journal's clock.
    pub due: Timestamp,
    /// Why it was put aside; `None` for one that is to fire.
    pub error: Option<String>,
}
