//! `Status`: how far a projector is, and what it is doing.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::ProjectorError;
use crate::event::{Position, Timestamp};
use crate::journal::HeldBack;

/// How far a projector is, and what it is doing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Status {
    /// The name of the projection.
    pub name: &'static str,
    /// The version of the projection.
    pub version: u32,
    /// The read model shows all events up to this position.
    pub position: Position,
    /// The last position of the journal, as far as the projector knows.
    pub head: Position,
    /// How far it is behind.
    pub lag: Lag,
    /// Events projected a second, of late.
    pub rate: f64,
    /// What it is doing.
    pub state: ProjectorState,
    /// How many streams have events that are parked.
    pub parked_streams: usize,
    /// What went wrong last, while it is not mended.
    pub last_error: Option<ProjectorError>,
    /// What keeps it from reading events that are committed; looked up about once a second while there is nothing to read.
    pub held_back: Option<HeldBack>,
    /// When the last event that it has seen was recorded.
    reached: Option<Timestamp>,
    /// When `rate` was measured.
    measured: Option<Instant>,
}

/// How far a projector is behind the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Lag {
    /// How many positions there are between the two: at most so many events, of all kinds, are to come.
    pub events: u64,
    /// How long ago the last event that the read model shows was recorded; zero where nothing is to come.
    pub time: Duration,
}

/// What a projector is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProjectorState {
    /// It has not begun yet, or is looking where to begin.
    Starting,
    /// Another projector has the projection; this one takes over when that one ends.
    Waiting,
    /// It is behind the journal and works as fast as it can.
    CatchingUp,
    /// It shows all there is, and follows each append.
    Live,
    /// It was [paused](super::ProjectorHandle::pause).
    Paused,
    /// Something went wrong, and it will try again.
    Retrying,
    /// Something went wrong, and it waits for [`resume`](super::ProjectorHandle::resume) or
    /// [`rebuild`](super::ProjectorHandle::rebuild).
    Failed,
    /// It has ended.
    Stopped,
}

/// Rates are of this time, or of the time since the last event.
const WINDOW: Duration = Duration::from_secs(1);

impl Status {
    pub(super) const fn new(name: &'static str, version: u32) -> Self {
        Self {
            name,
            version,
            position: Position::START,
            head: Position::START,
            lag: Lag { events: 0, time: Duration::ZERO },
            rate: 0.0,
            state: ProjectorState::Starting,
            parked_streams: 0,
            last_error: None,
            held_back: None,
            reached: None,
            measured: None,
        }
    }

    /// Notes where the read model is.
    pub(super) fn reach(&mut self, position: Position, recorded_at: Option<Timestamp>) {
        self.position = position;
        self.head = self.head.max(position);
        self.reached = recorded_at.or(self.reached);
    }

    pub(super) fn measure(&mut self, rate: f64) {
        self.rate = rate;
        self.measured = Some(Instant::now());
    }

    /// The status at the time `now`.
    pub(super) fn at(mut self, now: Timestamp) -> Self {
        let behind = self.position < self.head;
        let positions = if self.head.epoch == self.position.epoch || self.head.number >= self.position.number {
            self.head.number.saturating_sub(self.position.number)
        } else {
            0
        };
        self.lag = Lag {
            events: if behind { positions.max(1) } else { 0 },
            time: self.reached.filter(|_| behind).map_or(Duration::ZERO, |reached| now.since(reached)),
        };
        if self.measured.is_none_or(|measured| measured.elapsed() > 2 * WINDOW) {
            self.rate = 0.0;
        }
        self
    }
}

/// Gives each change of a projector's status: made by [`ProjectorHandle::changes`](super::ProjectorHandle::changes).
#[derive(Debug)]
pub struct StatusChanges {
    pub(super) status: watch::Receiver<Status>,
    pub(super) clock: std::sync::Arc<dyn crate::event::Clock>,
}

impl StatusChanges {
    /// Waits for the next change; several that follow each other fast are one. `None` after the last one.
    pub async fn next(&mut self) -> Option<Status> {
        self.status.changed().await.ok()?;
        Some(self.status.borrow_and_update().clone().at(self.clock.now()))
    }
}

/// Measures how many events are projected a second.
#[derive(Debug)]
pub(super) struct Meter {
    since: Instant,
    events: u64,
    rate: f64,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), events: 0, rate: 0.0 }
    }

    /// Adds events; gives the rate.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub(super) fn add(&mut self, events: u64) -> f64 {
        self.events += events;
        let elapsed = self.since.elapsed();
        let rate = self.events as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        if elapsed >= WINDOW {
            *self = Self { since: Instant::now(), events: 0, rate };
        }
        if self.rate == 0.0 { rate } else { self.rate }
    }
}
