//! `Watch`: tells those that wait of events that another program has written.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use es_core::Position;
use rusqlite::Connection;
use tokio::sync::watch;

/// How far the journal is known to go.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) position: Position,
    pub(crate) closed: bool,
}

impl Head {
    /// Moves the head on; `false` if it was there already.
    pub(crate) fn reach(&mut self, position: Position) -> bool {
        let is_new = position > self.position;
        if is_new {
            self.position = position;
        }
        is_new
    }
}

/// How often the file is looked at while someone waits.
const INTERVAL: Duration = Duration::from_millis(100);

/// Has a thread look at the file, but only while someone waits.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    /// Whether the thread rests until someone waits. Otherwise it looks again soon by itself.
    resting: bool,
    closed: bool,
}

impl Watch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the file looked at until the answer is dropped.
    pub(crate) fn begin(&self) -> Watching<'_> {
        let mut state = self.state();
        state.waiting += 1;
        if state.resting {
            self.changed.notify_all();
        }
        Watching(self)
    }

    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Looks at the file until the watch is closed.
    pub(crate) fn run(&self, db: &Connection, head: &watch::Sender<Head>) {
        loop {
            let mut state = self.state();
            while state.waiting == 0 && !state.closed {
                state.resting = true;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.resting = false;
            }
            if state.closed {
                return;
            }
            drop(state);
            // What fails now is tried again soon, and whoever reads is told of it.
            if let Ok(position) = crate::reader::head(db) {
                head.send_if_modified(|head| head.reach(Position::new(position)));
            }
            let state = self.state();
            let closed = |state: &mut State| !state.closed;
            drop(self.changed.wait_timeout_while(state, INTERVAL, closed).unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// Someone waits.
pub(crate) struct Watching<'a>(&'a Watch);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}
