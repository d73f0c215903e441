//! `RelayStatus`: how far a relay is, and what it is doing.

use tokio::sync::watch;

use super::RelayError;
use crate::event::Position;
use crate::projection::{ProjectorState, Status};

/// How far a relay is, and what it is doing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RelayStatus {
    /// The name of the publication.
    pub name: &'static str,
    /// What it is doing.
    pub state: RelayState,
    /// What was to be told of all events up to this position was sent, but for what is parked.
    pub position: Position,
    /// How many messages were ready to be sent when it was looked last.
    pub ready: u64,
    /// How many messages were parked when it was looked last.
    pub parked: u64,
    /// How many messages were sent since the relay began.
    pub sent: u64,
    /// How many streams wait for a message of theirs to be tried again.
    pub retrying_streams: usize,
    /// What went wrong last, while it is not mended.
    pub last_error: Option<RelayError>,
    /// How far the outbox is filled: its position, the journal's head, the lag.
    pub feed: Status,
    /// The position of the first message that is parked.
    pub(super) first_parked: Option<Position>,
}

/// What a relay is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RelayState {
    /// It has not begun yet, or is looking where to begin.
    Starting,
    /// Another relay has the outbox; this one takes over when that one ends.
    Waiting,
    /// It sends what is ready, or waits for more.
    Running,
    /// It was [paused](super::RelayHandle::pause).
    Paused,
    /// Something went wrong, and it will try again. Messages of other streams are sent meanwhile.
    Retrying,
    /// Something went wrong, and it waits for [`resume`](super::RelayHandle::resume).
    Failed,
    /// It has ended.
    Stopped,
}

impl RelayStatus {
    pub(super) const fn new(name: &'static str, feed: Status) -> Self {
        Self {
            name,
            state: RelayState::Starting,
            position: Position::START,
            ready: 0,
            parked: 0,
            sent: 0,
            retrying_streams: 0,
            last_error: None,
            feed,
            first_parked: None,
        }
    }

    /// The status, in which a failure to fill the outbox is a failure.
    pub(super) fn with(mut self, feed: Status) -> Self {
        if self.state != RelayState::Stopped && self.state != RelayState::Failed {
            let state = match feed.state {
                ProjectorState::Failed => Some(RelayState::Failed),
                ProjectorState::Retrying => Some(RelayState::Retrying),
                _ => None,
            };
            if let Some(state) = state {
                self.state = state;
                let source = feed.last_error.clone();
                self.last_error =
                    source.map(|source| RelayError::Feed { publication: self.name, source: source.into() });
            }
        }
        self.feed = feed;
        self
    }
}

/// Gives each change of a relay's status: made by [`RelayHandle::changes`](super::RelayHandle::changes).
#[derive(Debug)]
pub struct RelayChanges {
    pub(super) status: watch::Receiver<RelayStatus>,
}

impl RelayChanges {
    /// Waits for the next change; several that follow each other fast are one. `None` after the last one.
    pub async fn next(&mut self) -> Option<RelayStatus> {
        self.status.changed().await.ok()?;
        let status = self.status.borrow_and_update().clone();
        let feed = status.feed.clone();
        Some(status.with(feed))
    }
}
