//! `MemoryStore`: a journal and snapshots in memory, for tests, and as the smallest example of a store.

mod import;
mod kinds;
mod snapshots;
mod state;
mod streams;

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{Append, AppendError, Appended, Filter, Journal, JournalError, JournalId, Page, PageSize};
use crate::event::{Clock, CommandId, Position, StreamId, SystemClock, Timestamp};
use snapshots::Snapshots;
use state::State;

/// A journal and its snapshots in memory. Clones share what they hold; it is gone with the last of them.
///
/// ```
/// use es_core::{Journal, MemoryStore, StreamId};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), es_core::BoxError> {
/// let store = MemoryStore::new();
/// assert_eq!(store.version(&StreamId::new("account", "alice")?).await?, 0);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    id: JournalId,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    snapshots: Mutex<Snapshots>,
    /// Wakes those that wait for events.
    appended: Notify,
}

/// Says what a [`MemoryStore`] is to be like.
#[derive(Debug)]
pub struct MemoryStoreBuilder {
    clock: Arc<dyn Clock>,
}

impl MemoryStoreBuilder {
    /// Takes the time from `clock`; from the system unless this is called.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the store.
    pub fn build(self) -> MemoryStore {
        let shared = Shared {
            id: JournalId::new(),
            clock: self.clock,
            state: Mutex::default(),
            snapshots: Mutex::default(),
            appended: Notify::new(),
        };
        MemoryStore { shared: Arc::new(shared) }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Makes a store that is not like the default.
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder { clock: Arc::new(SystemClock) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is written under the lock can be left half done by a panic: see `State::write`.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those that wait for events, if there are some; called after each append.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let is_awaited = std::mem::take(&mut state.is_awaited);
        drop(state);
        if is_awaited {
            self.shared.appended.notify_waiters();
        }
    }
}

impl Journal for MemoryStore {
    fn id(&self) -> JournalId {
        self.shared.id
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        let now = self.shared.clock.now();
        let mut state = self.state();
        if let Some(appended) = state.repeated(&append)? {
            return Ok(appended);
        }
        let recorded_at = state.check_streams(&append, now)?;
        let appended = state.write(&append, recorded_at);
        self.wake(state);
        Ok(appended)
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        Ok(self.state().read_stream(stream, &versions, size))
    }

    async fn read_all(&self, after: Position, filter: &Filter, size: PageSize) -> Result<Page, JournalError> {
        Ok(self.state().read_all(after, filter, size))
    }

    async fn version(&self, stream: &StreamId) -> Result<u64, JournalError> {
        Ok(self.state().version(stream))
    }

    async fn version_at(&self, stream: &StreamId, time: Timestamp) -> Result<u64, JournalError> {
        Ok(self.state().version_at(stream, time))
    }

    async fn find_command(
        &self,
        stream: &StreamId,
        id: CommandId,
    ) -> Result<Option<RangeInclusive<u64>>, JournalError> {
        Ok(self.state().find_command(stream, id))
    }

    async fn head(&self) -> Result<Position, JournalError> {
        Ok(self.state().head())
    }

    async fn newest(&self) -> Result<Position, JournalError> {
        self.head().await
    }

    async fn wait(&self, after: Position) -> Result<Position, JournalError> {
        loop {
            // Made before the look at the head: an append between the two is not missed.
            let appended = self.shared.appended.notified();
            {
                let mut state = self.state();
                let head = state.head();
                if head > after {
                    return Ok(head);
                }
                state.is_awaited = true;
            }
            appended.await;
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.shared.clock)
    }
}
