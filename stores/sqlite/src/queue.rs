//! `Queue`: what threads have to do, handed to them by futures that wait while it is full.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

/// A bounded queue: pushing waits without blocking the thread, taking blocks it.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    arrived: Condvar,
    room: Semaphore,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    /// Threads that wait for an item: waking costs a system call, so it is done only for them.
    waiting: usize,
    /// How many items a thread waits for that could go on without them; 0 while none does.
    gathering: usize,
    /// Whether a thread is to come by, though there may be no item for it.
    called: bool,
    closed: bool,
}

/// The queue takes nothing any more.
#[derive(Debug)]
pub(crate) struct Closed;

impl<T> Queue<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let state = State { items: VecDeque::new(), waiting: 0, gathering: 0, called: false, closed: false };
        Self { state: Mutex::new(state), arrived: Condvar::new(), room: Semaphore::new(capacity) }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item, once there is room. A future that is dropped has added it or has not.
    pub(crate) async fn push(&self, item: T) -> Result<(), Closed> {
        self.room.acquire().await.map_err(|_| Closed)?.forget();
        let mut state = self.state();
        if state.closed {
            return Err(Closed);
        }
        state.items.push_back(item);
        let is_enough = state.gathering > 0 && state.items.len() >= state.gathering;
        let someone_waits = state.waiting > 0 || is_enough;
        drop(state);
        if someone_waits {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Whether a thread waits for items and there is none: it has nothing else to do.
    pub(crate) fn rests(&self) -> bool {
        let state = self.state();
        state.waiting > 0 && state.items.is_empty() && !state.called && !state.closed
    }

    /// Has a thread come by, though there may be no item for it.
    pub(crate) fn call(&self) {
        self.state().called = true;
        self.arrived.notify_one();
    }

    /// The number of items.
    pub(crate) fn len(&self) -> usize {
        self.state().items.len()
    }

    /// Waits until there are `count` items, but no longer than `time`; gives how many there are.
    pub(crate) fn gather(&self, count: usize, time: Duration) -> usize {
        let mut state = self.state();
        state.gathering = count;
        let goes_on = |state: &mut State<T>| state.items.len() < count && !state.closed;
        let waited = self.arrived.wait_timeout_while(state, time, goes_on);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.gathering = 0;
        state.items.len()
    }

    /// Takes the next item; `None` once the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<T> {
        let item = self.wait().items.pop_front()?;
        self.room.add_permits(1);
        Some(item)
    }

    /// Takes the items that are there, at least one unless the thread was [called](Self::call), until their weights
    /// reach `most`. Gives `false` once the queue is closed and empty.
    pub(crate) fn take_some(&self, items: &mut Vec<T>, most: usize, weight: impl Fn(&T) -> usize) -> bool {
        let mut state = self.wait();
        let called = std::mem::take(&mut state.called);
        self.take_from(state, items, most, weight) || called
    }

    /// Takes the items that are there, which may be none, until their weights reach `most`.
    pub(crate) fn take_at_hand(&self, items: &mut Vec<T>, most: usize, weight: impl Fn(&T) -> usize) {
        self.take_from(self.state(), items, most, weight);
    }

    fn take_from(
        &self,
        mut state: MutexGuard<'_, State<T>>,
        items: &mut Vec<T>,
        most: usize,
        weight: impl Fn(&T) -> usize,
    ) -> bool {
        let mut total = 0;
        let before = items.len();
        while let Some(item) = state.items.front() {
            total += weight(item);
            if total > most && items.len() > before {
                break;
            }
            items.extend(state.items.pop_front());
        }
        drop(state);
        self.room.add_permits(items.len() - before);
        items.len() > before
    }

    /// Waits until there is an item or the queue is closed.
    fn wait(&self) -> MutexGuard<'_, State<T>> {
        let mut state = self.state();
        while state.items.is_empty() && !state.called && !state.closed {
            state.waiting += 1;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state
    }

    /// Takes nothing new from now on. What is in it is still given out.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.room.close();
        self.arrived.notify_all();
    }

    /// Closes the queue and gives what is left in it: for the end of the last thread that takes from it.
    pub(crate) fn abandon(&self) -> VecDeque<T> {
        self.close();
        std::mem::take(&mut self.state().items)
    }
}
