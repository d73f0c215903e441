//! `ReadStore`: where read models and their checkpoints are.

use std::error::Error;
use std::fmt;
use std::future::Future;

use super::{BoxFuture, ParkedEvent};
use crate::event::{EventId, Position, StreamId};
use crate::journal::{JournalError, JournalId};

/// A database for read models, which keeps the checkpoint of each in the same transaction.
///
/// A projection is named by what [`lease`](Self::lease) gives: whoever has it is the only one to advance that
/// projection. What is written under a lease that another one has taken over is an error, also where the store
/// could not know of that at once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store for read models",
    label = "not a read store",
    note = "name one, such as `SqliteStore`; or keep the view `in_memory`"
)]
pub trait ReadStore: Clone + Send + Sync + 'static {
    /// A transaction, as projections see it. It cannot be committed or rolled back by them.
    type Tx: Send + 'static;
    /// The right to advance one projection; given back when it is dropped, or when the process ends, however it does.
    type Lease: Send + Sync + 'static;

    /// Whether a transaction that is rolled back leaves nothing of what was done in it. Where it is `false` the read
    /// model is the projection itself, and is built anew after a failure, or when a transaction's future was dropped.
    const ROLLS_BACK: bool = true;

    /// The store for the read model of one projector. Where that is the projection itself, a checkpoint says nothing of another
    /// value, and each needs a store of its own.
    fn for_view(&self) -> Self {
        self.clone()
    }

    /// Takes the right to advance the projection of this name; `None` while another one has it.
    fn lease(&self, projection: &str) -> impl Future<Output = Result<Option<Self::Lease>, ReadStoreError>> + Send;

    /// How far the projection of this name has come, for one that has no lease on it; `None` where there is no such
    /// projection.
    ///
    /// A projector that waits for another one shows it, so that [`wait_for`](super::ProjectorHandle::wait_for) works in
    /// each process. A store whose read models are of one process need not implement it.
    fn look(&self, _projection: &str) -> impl Future<Output = Result<Option<Checkpoint>, ReadStoreError>> + Send {
        std::future::ready(Ok(None))
    }

    /// Runs `work` in a transaction, and then commits it or rolls it back, as the work says.
    ///
    /// It runs where it may block. A future that is dropped has done it as a whole or not at all, and what is under way then
    /// has come to its end before the next transaction of the same projection sees anything.
    fn transact<T: Send + 'static>(
        &self,
        work: Work<Self::Tx, T>,
    ) -> impl Future<Output = Result<T, ReadStoreError>> + Send;

    /// The same for work that begins with [`load`](Self::load), under this lease: a store may do that with the begin.
    fn transact_under<T: Send + 'static>(
        &self,
        _lease: &Self::Lease,
        work: Work<Self::Tx, T>,
    ) -> impl Future<Output = Result<T, ReadStoreError>> + Send {
        self.transact(work)
    }

    /// How far the projection has come; `None` before the first [`save`](Self::save).
    fn load(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
    ) -> impl Future<Output = Result<Option<Checkpoint>, ReadStoreError>> + Send;

    /// Says how far the projection has come, in the same transaction as what it has written.
    ///
    /// # Errors
    ///
    /// [`ReadStoreError::TakenOver`] when the lease is no longer this one's.
    fn save(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        checkpoint: &Checkpoint,
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send;

    /// The same, as the last that is done in a transaction: a store may do it with the commit.
    ///
    /// # Errors
    ///
    /// Those of [`save`](Self::save). Where it is done with the commit, [`transact`](Self::transact) gives them, and nothing
    /// is written.
    fn save_at_end(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        checkpoint: &Checkpoint,
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send {
        Self::save(lease, tx, checkpoint)
    }

    /// Puts an event aside; one that is there already is replaced.
    fn park(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        event: &ParkedEvent,
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send;

    /// Takes back the events with these positions that were put aside.
    fn unpark(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        positions: std::ops::RangeInclusive<Position>,
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send;

    /// The events after a position that were put aside, in their order, at most `limit` of them.
    fn parked(
        lease: &Self::Lease,
        tx: &mut Self::Tx,
        after: Position,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ParkedEvent>, ReadStoreError>> + Send;

    /// In how many parts the projection of this lease is split; the lease is of the projection as a whole.
    ///
    /// # Errors
    ///
    /// [`ReadStoreError::TakenOver`] when the lease is no longer this one's.
    fn parts(_lease: &Self::Lease, _tx: &mut Self::Tx) -> impl Future<Output = Result<u16, ReadStoreError>> + Send {
        std::future::ready(Ok(1))
    }

    /// Notes that the projection of this lease is split in so many parts from now on, and forgets the checkpoints that are of
    /// none of these. A part is leased as `name#index/of`, and what is not split as `name`, which is the lease that is given.
    ///
    /// # Errors
    ///
    /// [`ReadStoreError::WholeOnly`] from stores that cannot, as they need not.
    fn split(
        _lease: &Self::Lease,
        _tx: &mut Self::Tx,
        _parts: u16,
    ) -> impl Future<Output = Result<(), ReadStoreError>> + Send {
        std::future::ready(Err(ReadStoreError::WholeOnly))
    }

    /// Whether the store itself has failed when a projection says that it could not go on: a connection that is gone is no
    /// mistake of the event.
    ///
    /// # Errors
    ///
    /// What has failed; the projector tries again then, for as long as it takes.
    fn check(_tx: &mut Self::Tx) -> impl Future<Output = Result<(), ReadStoreError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Whether the transaction is still there: a projection may have found a way to end it, which is an error.
    ///
    /// A store that cannot tell without asking the database answers [`ReadStoreError::Ended`] to what comes next.
    fn is_open(_tx: &mut Self::Tx) -> bool {
        true
    }

    /// Whether a transaction holds up the appends to this journal, because both are in one file.
    fn holds_up(&self, _journal: JournalId) -> bool {
        false
    }
}

/// What is to be done in a transaction.
pub type Work<Tx, T> = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Ended<T>> + Send>;

/// How the work in a transaction has ended, and what it gives.
#[derive(Debug)]
pub enum Ended<T> {
    /// The transaction is to be committed.
    Commit(T),
    /// The transaction is to be rolled back.
    RollBack(T),
}

/// Commits what has succeeded, and rolls back what has failed.
impl<T, E> From<Result<T, E>> for Ended<Result<T, E>> {
    fn from(result: Result<T, E>) -> Self {
        if result.is_ok() { Self::Commit(result) } else { Self::RollBack(result) }
    }
}

/// How far a projection has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The version of the projection.
    pub version: u32,
    /// The journal that the events are from.
    pub journal: JournalId,
    /// All events up to this position have been looked at.
    pub position: Position,
    /// The last event that the projection wanted: a journal that does not have it is not the same any more.
    pub last: Option<LastEvent>,
}

/// The last event that a projection has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastEvent {
    /// The stream that it is in.
    pub stream: StreamId,
    /// Its number in the stream.
    pub version: u64,
    /// Its id.
    pub id: EventId,
}

/// Says why a read store could not do what was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadStoreError {
    /// The database failed.
    Store(JournalError),
    /// Another projector has the projection now. Nothing was written.
    TakenOver {
        /// The name of the projection.
        projection: String,
    },
    /// This store cannot split a projection.
    WholeOnly,
    /// The projection has ended the transaction itself, or has not heeded that a statement in it failed. Nothing is written.
    Ended,
}

impl fmt::Display for ReadStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => fmt::Display::fmt(error, f),
            Self::TakenOver { projection } => {
                write!(f, "projection `{projection}` has been taken over by another projector")
            }
            Self::WholeOnly => f.write_str("this read store cannot split a projection in parts; project it as a whole"),
            Self::Ended => f.write_str(
                "the transaction has failed, or was ended, by a statement of the projection that gave no error to the \
                 projector",
            ),
        }
    }
}

impl Error for ReadStoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            _ => None,
        }
    }
}

impl From<JournalError> for ReadStoreError {
    fn from(error: JournalError) -> Self {
        Self::Store(error)
    }
}
