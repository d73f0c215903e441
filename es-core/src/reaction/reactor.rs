//! `Reactor`: runs a reaction.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::reacts::Reacts;
use super::{Reaction, ReactionStore, ReactorError, ReactorHandle, SentBy, Targets};
use crate::aggregate::Aggregate;
use crate::journal::Journal;
use crate::projection::{BatchSize, First, OnFailure, Projector};
use crate::repository::{Repository, Retry};
use crate::snapshot::SnapshotStore;

/// How much is reacted to before that is noted: what comes after it is reacted to once more after a crash.
const BATCH: BatchSize = BatchSize { events: 256, time: Duration::from_millis(100) };

/// Runs a reaction: has it react to each event, and takes note of that when its commands are in the journal.
///
/// Each event is reacted to at least once, in the order of the journal, and each command takes effect once: sent again
/// after a crash it has the same id. Of several reactors of one name, also in several processes, one works and the others
/// wait for it to end.
///
/// ```ignore
/// let transfers = Reactor::from_start(&store, &store, Transfers).spawn();
/// ```
///
/// It runs on tokio, with its timers enabled.
#[must_use = "a reactor does nothing until it is spawned or run"]
pub struct Reactor<J, R: Reaction, S: ReactionStore> {
    projector: Projector<J, Reacts<R, S>>,
    targets: Arc<Targets>,
}

impl<J: Journal + SnapshotStore + Clone, R: Reaction, S: ReactionStore> Reactor<J, R, S> {
    /// Runs a reaction to the events of a journal, and keeps its checkpoint in a store; both may be the same. A reaction that
    /// has no checkpoint yet begins with the first event that there is: for one that is to make up for what it has missed.
    ///
    /// All that ever happened leads to commands then. Where those are not wanted, [`from_now`](Self::from_now) it is.
    pub fn from_start(journal: &J, store: &S, reaction: R) -> Self {
        Self::new(journal, store, reaction, First::Start)
    }

    /// Runs a reaction to the events of a journal, and keeps its checkpoint in a store; both may be the same. A reaction that
    /// has no checkpoint yet begins with the next event after those that the journal has when it first runs.
    ///
    /// Once it has a checkpoint it goes on from there, and misses nothing.
    pub fn from_now(journal: &J, store: &S, reaction: R) -> Self {
        Self::new(journal, store, reaction, First::Head)
    }

    fn new(journal: &J, store: &S, reaction: R, first: First) -> Self {
        let targets = Arc::new(Targets::default());
        R::targets(journal, &targets);
        let filter = R::reactions().filter();
        let reacts = Reacts::new(reaction, Arc::clone(&targets));
        let projector = Projector::new(journal, store, reacts).reacting(filter, first).batch(BATCH);
        Self { projector, targets }
    }

    /// Has commands go through this repository, which shares its cache, in place of one that is made for the reaction.
    pub fn repository<A: Aggregate + SentBy<R>>(self, repository: &Repository<A, J>) -> Self {
        self.targets.set(repository);
        self
    }

    /// Says what becomes of an event, or a timer, that cannot be reacted to; [`OnFailure::Stop`] unless this is called.
    pub fn on_failure(self, on_failure: OnFailure) -> Self {
        Self { projector: self.projector.on_failure(on_failure), ..self }
    }

    /// Says how often an event that fails is tried, and how long to wait between; 5 times, from 50 milliseconds to 2
    /// seconds, unless this is called.
    ///
    /// A store that fails is tried for as long as it takes, except by [`run_until_idle`](Self::run_until_idle).
    pub fn retry(self, retry: Retry) -> Self {
        Self { projector: self.projector.retry(retry), ..self }
    }

    /// A handle on it, for what is asked of it while it runs.
    pub fn handle(&self) -> ReactorHandle<R, S> {
        ReactorHandle(self.projector.handle())
    }

    /// Has it run in a task of its own, until it is [stopped](ReactorHandle::stop). After a failure it waits to be
    /// [resumed](ReactorHandle::resume).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn spawn(self) -> ReactorHandle<R, S> {
        ReactorHandle(self.projector.spawn())
    }

    /// Runs until it is [stopped](ReactorHandle::stop).
    ///
    /// # Errors
    ///
    /// The error that it failed with.
    pub async fn run(self) -> Result<(), ReactorError> {
        self.projector.run().await.map_err(ReactorError::of::<R>)
    }

    /// Reacts to all events that there are, to those that its own commands lead to, and to all timers that are due by the
    /// journal's clock; returns when nothing is left: for tests, and for programs that run on a schedule. It may be called
    /// again.
    ///
    /// # Errors
    ///
    /// The error that it failed with, and [`ReactorError::Held`] where another reactor does the work.
    pub async fn run_until_idle(&mut self) -> Result<(), ReactorError> {
        self.projector.run_until_idle().await.map_err(ReactorError::of::<R>)
    }
}

impl<J: fmt::Debug, R: Reaction, S: ReactionStore> fmt::Debug for Reactor<J, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor").field("reaction", &R::NAME).finish_non_exhaustive()
    }
}
