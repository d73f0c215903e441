//! `Projector`: brings a projection up to date and keeps it so.

mod batch;
mod error;
mod handle;
mod partition;
mod policy;
mod react;
mod replay;
mod run;
mod split;
mod start;
mod status;
mod step;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use tokio::sync::{RwLock, mpsc, watch};

pub use error::ProjectorError;
pub use handle::{ProjectorHandle, Replayed, View};
pub use partition::Partition;
pub use policy::{BatchSize, OnFailure};
pub use status::{Lag, ProjectorState, Status, StatusChanges};

use super::{InMemory, Projection, ReadStore, Routes};
use crate::event::Position;
use crate::journal::{Filter, Journal};
use crate::repository::Retry;
pub(super) use batch::LeaseOf;
pub(super) use handle::Core;
use handle::{Answer, Command};
use replay::Replay;
pub(crate) use run::{STORE_WAIT, done, may_pass};
use status::Meter;

/// Brings a read model up to date with a journal, and keeps it so.
///
/// The read model and its checkpoint change in one transaction, so each event is projected exactly once, whatever is
/// killed when. Of several projectors of one name, also in several processes, one works and the others wait for it to end.
/// A read model of another [version](Projection::VERSION) is thrown away and built anew.
///
/// ```ignore
/// let balances = Projector::new(&store, &store, Balances).spawn();
/// let outcome = accounts.execute("alice", Increase { by: 100 }).await?;
/// balances.wait_for(outcome.position).await?;
/// ```
///
/// It runs on tokio, with its timers enabled.
#[must_use = "a projector does nothing until it is spawned or run"]
pub struct Projector<J, P: Projection> {
    journal: J,
    store: P::Store,
    core: Arc<Core<P>>,
    routes: Arc<Routes<P>>,
    filter: Filter,
    on_failure: OnFailure,
    retry: Retry,
    batch: BatchSize,
    /// Kept so that there is always someone to give commands, if only this.
    sender: mpsc::UnboundedSender<Command>,
    commands: mpsc::UnboundedReceiver<Command>,
    /// Commands that came while it was waiting for something else.
    pending: VecDeque<Command>,
    /// Where it begins that has no checkpoint yet.
    first: First,
    /// Whether it is a reaction that it runs.
    reacts: bool,
    /// Which part of the projection it has.
    partition: Partition,
    lease: Option<Arc<LeaseOf<P>>>,
    /// Whether a view in memory may show half of something: the future that was to change it was dropped.
    broken_off: bool,
    /// How far a view in memory had come when it was last emptied.
    emptied_at: Position,
    /// Where it stops that brings a part up to the others, before the projection is split anew.
    until: Option<Position>,
    rebuilds: Vec<Answer<Position>>,
    replay: Replay,
    /// Whether it was told to pause, and not yet to go on.
    paused: bool,
    meter: Meter,
}

/// Where a reaction begins that has no checkpoint yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// At the first event.
    Start,
    /// After the last event that the journal has then.
    Head,
}

impl<J: Journal + Clone, P: Projection> Projector<J, P> {
    /// Makes a projector from a journal into a read store; both may be the same, as one SQLite file is.
    pub fn new(journal: &J, store: &P::Store, mut projection: P) -> Self {
        let reacts = projection.reacting().is_some();
        let routes = P::routes();
        let (sender, commands) = mpsc::unbounded_channel();
        let batch = if !P::Store::ROLLS_BACK {
            BatchSize::IN_PLACE
        } else if store.holds_up(journal.id()) {
            BatchSize::HOLDS_UP
        } else {
            BatchSize::default()
        };
        let core = Core {
            model: RwLock::new(projection),
            status: watch::Sender::new(Status::new(P::NAME, P::VERSION)),
            clock: journal.clock(),
        };
        Self {
            journal: journal.clone(),
            store: if reacts { store.clone() } else { store.for_view() },
            core: Arc::new(core),
            filter: routes.filter(),
            routes: Arc::new(routes),
            on_failure: OnFailure::Stop,
            retry: run::RETRY,
            batch,
            sender,
            commands,
            pending: VecDeque::new(),
            first: First::Start,
            reacts,
            partition: Partition::WHOLE,
            lease: None,
            broken_off: false,
            emptied_at: Position::START,
            until: None,
            rebuilds: Vec::new(),
            replay: Replay::default(),
            paused: false,
            meter: Meter::new(),
        }
    }

    /// Says what becomes of an event that cannot be projected; [`OnFailure::Stop`] unless this is called.
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = on_failure;
        self
    }

    /// Says how often an event that fails is tried, and how long to wait between; 5 times, from 50 milliseconds to 2
    /// seconds, unless this is called.
    ///
    /// A store that fails is tried for as long as it takes, except by [`run_to_head`](Self::run_to_head).
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Has it advance one part of the projection, as others advance the other parts, in this process or in others.
    ///
    /// Each part has a checkpoint of its own, and shows the streams of its [slices](crate::Slices); so tables that are made of
    /// several streams need statements that bear it. Another number of parts takes effect when all projectors of the old one
    /// have ended; nothing is lost by it, and nothing projected twice. A [rebuild](ProjectorHandle::rebuild), and a new
    /// version, is of all parts, and waits for the others to end too.
    ///
    /// The read store has to be one that can do that, as `PostgresStore` is.
    pub fn partition(mut self, partition: Partition) -> Self {
        self.partition = partition;
        self.filter = self.routes.filter().of_slices(partition.slices());
        self
    }

    /// Says how much is done in one transaction.
    ///
    /// Unless this is called, that is as much as takes 20 milliseconds where the journal is in the same file, so that
    /// appends do not wait longer, 5 for views in memory, 100 elsewhere, and at most 4,096 events.
    pub fn batch(mut self, size: BatchSize) -> Self {
        self.batch = BatchSize { events: size.events.max(1), ..size };
        self
    }

    /// Has it run a reaction, for these events.
    pub(crate) fn reacting(mut self, filter: Filter, first: First) -> Self {
        self.filter = filter;
        self.first = first;
        self
    }

    /// Says where it begins that has no checkpoint yet.
    pub(crate) fn first(mut self, first: First) -> Self {
        self.first = first;
        self
    }

    /// What an inline view needs of it.
    pub(super) fn into_parts(self) -> (Arc<Core<P>>, Arc<Routes<P>>, Filter) {
        (Arc::clone(&self.core), Arc::clone(&self.routes), self.filter.clone())
    }

    /// Whether what it changes stays so, as no transaction rolls it back.
    fn is_in_place(&self) -> bool {
        !P::Store::ROLLS_BACK && !self.reacts
    }

    /// A handle on it, for what is asked of it while it runs.
    pub fn handle(&self) -> ProjectorHandle<P> {
        ProjectorHandle { core: Arc::clone(&self.core), commands: self.sender.clone() }
    }

    /// Has it run in a task of its own, until it is [stopped](ProjectorHandle::stop). After a failure it waits to be
    /// [resumed](ProjectorHandle::resume).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn spawn(self) -> ProjectorHandle<P> {
        let handle = self.handle();
        tokio::spawn(self.keep_running());
        handle
    }
}

impl<J: Journal + Clone, P: Projection<Store = InMemory>> Projector<J, P> {
    /// Makes a projector from a journal into the value `projection`, which is the view. It begins anew with each start
    /// of the program.
    pub fn in_memory(journal: &J, projection: P) -> Self {
        Self::new(journal, &InMemory::default(), projection)
    }
}

impl<J, P: Projection> Drop for Projector<J, P> {
    fn drop(&mut self) {
        // Whoever is told that it has stopped may begin another one.
        self.lease = None;
        self.core.status.send_modify(|status| status.state = ProjectorState::Stopped);
    }
}

impl<J: fmt::Debug, P: Projection> fmt::Debug for Projector<J, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projector")
            .field("projection", &P::NAME)
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}
