//! `ReactorStatus`: how far a reactor is, and what it is doing.

use super::{Reaction, ReactorError};
use crate::event::Position;
use crate::projection::{Lag, ProjectorState, Status};

/// How far a reactor is, and what it is doing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReactorStatus {
    /// The name of the reaction.
    pub name: &'static str,
    /// All events up to this position have been reacted to, and their commands are in the journal.
    pub position: Position,
    /// The last position of the journal, as far as the reactor knows.
    pub head: Position,
    /// How far it is behind.
    pub lag: Lag,
    /// Events a second, of late.
    pub rate: f64,
    /// What it is doing.
    pub state: ProjectorState,
    /// How many streams have events that are parked.
    pub parked_streams: usize,
    /// What went wrong last, while it is not mended.
    pub last_error: Option<ReactorError>,
}

impl ReactorStatus {
    pub(super) fn of<R: Reaction>(status: Status) -> Self {
        Self {
            name: R::NAME,
            position: status.position,
            head: status.head,
            lag: status.lag,
            rate: status.rate,
            state: status.state,
            parked_streams: status.parked_streams,
            last_error: status.last_error.map(ReactorError::of::<R>),
        }
    }
}
