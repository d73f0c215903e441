//! `Repository`: executes commands on aggregates of one type, and loads them as they are and as they were.

mod attempt;
mod cache;
mod current;
mod error;
mod execute;
mod history;
mod load;
mod new_events;
mod options;
mod patience;
mod retry;
mod sealed;
#[cfg(feature = "tokio")]
mod sent;
mod snapshots;
mod unit;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

pub use error::{CommitError, ExecuteError, LoadError, UnitError};
pub use execute::{Execute, Outcome};
pub use history::{History, HistoryPages};
pub use load::{Load, Loaded};
pub use patience::Patience;
pub use retry::Retry;
#[cfg(feature = "conformance")]
pub(crate) use sealed::seal;
#[cfg(feature = "tokio")]
pub(crate) use sent::new_events;
pub(crate) use snapshots::format_of;
pub use unit::{Committed, Decided, UnitCommand, UnitOfWork};

use crate::aggregate::{Aggregate, IdOf, IntoCommand};
use crate::event::{Clock, StreamId};
use crate::journal::Journal;
use crate::snapshot::{SnapshotPolicy, SnapshotStore};
use cache::Cache;

/// Executes commands on the aggregates of type `A` that have their events in the store `S`, and loads them.
///
/// Clones are cheap and share the cache of states. One repository for each type of aggregate in a program is
/// best: commands on one aggregate then wait for each other, where those of two repositories, like those of two
/// programs, may lose a race and be decided again. The cache is never trusted: the journal's check of versions
/// decides.
///
/// ```ignore
/// let accounts = Repository::<Account, _>::new(&store);
/// let outcome = accounts.execute("alice", Increase { by: 100 }).await?;
/// assert_eq!(outcome.state.balance, 100);
/// ```
pub struct Repository<A: Aggregate, S> {
    inner: Arc<Inner<A, S>>,
}

struct Inner<A: Aggregate, S> {
    store: S,
    cache: Cache<A>,
    clock: Arc<dyn Clock>,
    retry: Retry,
    patience: Patience,
    snapshots: Option<SnapshotPolicy>,
    /// What its snapshots are: the format, and the shape of the state.
    snapshot_format: String,
}

impl<A: Aggregate, S> Clone for Repository<A, S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<A: Aggregate, S: fmt::Debug> fmt::Debug for Repository<A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("aggregate", &A::NAME)
            .field("store", &self.inner.store)
            .finish_non_exhaustive()
    }
}

/// Says what a [`Repository`] is to be like.
#[must_use = "a builder does nothing until it is built"]
pub struct RepositoryBuilder<A, S> {
    aggregate: PhantomData<fn() -> A>,
    store: S,
    cache: usize,
    clock: Option<Arc<dyn Clock>>,
    retry: Retry,
    patience: Patience,
}

impl<A: Aggregate, S: Journal + SnapshotStore> RepositoryBuilder<A, S> {
    /// Keeps the states of at most this many aggregates at hand: 10,000 unless this is called; 0 keeps none.
    pub fn cache(mut self, aggregates: usize) -> Self {
        self.cache = aggregates;
        self
    }

    /// Decides commands at the time of `clock`; at that of the journal's clock unless this is called.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Decides lost races again as `retry` says.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Tries a store that cannot be used just now for as long as `patience` says: for 10 seconds unless this is called.
    pub fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Makes the repository.
    pub fn build(self) -> Repository<A, S> {
        let clock = self.clock.unwrap_or_else(|| self.store.clock());
        let inner = Inner {
            store: self.store,
            cache: Cache::new(self.cache),
            clock,
            retry: self.retry,
            patience: self.patience,
            snapshots: A::SNAPSHOT,
            snapshot_format: format_of::<A>(),
        };
        Repository { inner: Arc::new(inner) }
    }
}

impl<A: Aggregate, S: Journal + SnapshotStore + Clone> Repository<A, S> {
    /// Makes a repository on `store`.
    pub fn new(store: &S) -> Self {
        Self::builder(store).build()
    }

    /// Makes a repository that is not like the default.
    pub fn builder(store: &S) -> RepositoryBuilder<A, S> {
        RepositoryBuilder {
            aggregate: PhantomData,
            store: store.clone(),
            cache: 10_000,
            clock: None,
            retry: Retry::default(),
            patience: Patience::default(),
        }
    }
}

impl<A: Aggregate, S: Journal + SnapshotStore> Repository<A, S> {
    /// Executes a command on the aggregate `id`, which begins with its first command.
    ///
    /// Decides the command on the aggregate's state, appends the events that it gives, and answers when they are in
    /// the journal. A race that is lost to another writer is decided again, as [`Retry`] says. A store that cannot be used
    /// just now is tried again, and an answer that got lost is looked for, as [`Patience`] says. Options of the command (who,
    /// which id) are set on what this returns, before it is awaited.
    ///
    /// Dropping the future at any time leaves the command as a whole or nothing of it in the journal.
    ///
    /// # Errors
    ///
    /// - [`ExecuteError::Rejected`] with the domain's own error: nothing was written;
    /// - [`ExecuteError::Conflict`] when the races lost were too many: execute it again;
    /// - [`ExecuteError::Unknown`] when the answer got lost: execute it again with the same command id;
    /// - [`ExecuteError::Journal`] when the store fails: whether to try again says
    ///   [`is_transient`](crate::JournalError::is_transient);
    /// - the others say what is wrong with the id, the journal, or an event in it: nothing was written.
    pub fn execute(&self, id: impl IdOf<A>, command: impl IntoCommand<A>) -> Execute<A, S> {
        Execute::new(self.clone(), StreamId::new(A::NAME, &id.id_text()), command.into_command())
    }

    /// Loads the aggregate `id` as it is, or with [`at_version`](Load::at_version) or [`as_of`](Load::as_of) as it was.
    ///
    /// One that has no events yet is in its initial state, at version 0.
    pub fn load(&self, id: impl IdOf<A>) -> Load<A, S> {
        Load::new(self.clone(), StreamId::new(A::NAME, &id.id_text()))
    }

    /// Gives the events of the aggregate `id`: who did what when.
    ///
    /// Awaiting it gives all of them; [`pages`](History::pages) gives those of a long life in parts.
    pub fn history(&self, id: impl IdOf<A>) -> History<A, S> {
        History::new(self.clone(), StreamId::new(A::NAME, &id.id_text()))
    }

    /// The store that the events are in.
    pub fn store(&self) -> &S {
        &self.inner.store
    }
}
