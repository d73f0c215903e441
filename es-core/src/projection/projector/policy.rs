//! What a projector does about failures, and how much it does at once.

use std::time::Duration;

/// What becomes of an event that cannot be projected, after the last try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnFailure {
    /// The projector stops before the event, in the state [`Failed`](super::ProjectorState::Failed).
    #[default]
    Stop,
    /// The event is put aside, with each later event of its stream behind it, and the other streams go on.
    Park,
}

/// How much a projector does in one transaction: whichever is reached first ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchSize {
    /// The most events.
    pub events: usize,
    /// The longest time, looked at after every few events.
    pub time: Duration,
}

impl BatchSize {
    /// The most events in a transaction, unless the user says otherwise.
    const EVENTS: usize = 4_096;

    /// Where the read model is in the journal's file: appends wait for as long.
    pub(super) const HOLDS_UP: Self = Self { events: Self::EVENTS, time: Duration::from_millis(20) };
    /// Where the work is done on the threads of the program's other futures.
    pub(super) const IN_PLACE: Self = Self { events: Self::EVENTS, time: Duration::from_millis(5) };
}

impl Default for BatchSize {
    /// 4,096 events or 100 milliseconds.
    fn default() -> Self {
        Self { events: Self::EVENTS, time: Duration::from_millis(100) }
    }
}
