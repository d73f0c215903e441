//! Projections: read models made of events, and what keeps them up to date.
//!
//! A [`Projection`] says which events it wants and what each does to its read model. A [`Projector`] brings it up to
//! date and keeps it so. The read model and the [`Checkpoint`] change in one transaction of a [`ReadStore`], so each
//! event is projected exactly once.

pub(crate) mod futures;
mod in_memory;
mod inline;
mod parked;
#[doc(hidden)]
pub(crate) mod private;
mod projector;
mod reacting;
mod read_store;
mod routes;
mod whole;

use std::future::Future;
use std::pin::Pin;

pub(crate) use futures::caught;
pub use in_memory::{InMemory, InMemoryLease};
pub(crate) use inline::at_once;
pub use inline::{InlineStore, InlineView};
pub use parked::ParkedEvent;
pub use projector::{
    BatchSize, Lag, OnFailure, Partition, Projector, ProjectorError, ProjectorHandle, ProjectorState, Replayed, Status,
    StatusChanges, View,
};
pub(crate) use projector::{First, STORE_WAIT, done, may_pass};
pub use reacting::{Occasion, Reacting, Stumble};
pub use read_store::{Checkpoint, Ended, LastEvent, ReadStore, ReadStoreError, Work};
pub(crate) use routes::{AnyEvent, Retired, filter_of, recorded};
pub use routes::{OfAggregate, Routes};

use crate::BoxError;
use crate::event::Recorded;

/// What projecting gives: nothing, or why it failed.
pub type Projected = Result<(), BoxError>;

/// A future that has been put on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The transaction that a projection writes in.
pub type TxOf<P> = <<P as Projection>::Store as ReadStore>::Tx;

/// A read model made of events.
///
/// Implemented by `#[derive(Projection)]`, which dispatches each event to its [`Project`].
///
/// The value itself is what the read model is only where it is kept `in_memory`. Elsewhere it may hold settings and
/// connections, but nothing that follows from events: a transaction that is rolled back does not roll it back, and
/// the same events come again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection",
    label = "not a projection",
    note = "write `#[derive(Projection)]` on it"
)]
pub trait Projection: Send + Sync + Sized + 'static {
    /// Where the read model is.
    type Store: ReadStore;
    /// What [`ProjectBatch`] gets; nothing where events are projected one by one.
    type Event: Send + Sync + 'static;

    /// The name of the read model: its checkpoint is kept under it, so it stays as it is.
    const NAME: &'static str;
    /// The version of the read model: a new one has it built anew.
    const VERSION: u32;
    /// Whether events are projected many at once.
    #[doc(hidden)]
    const BATCH: bool = false;

    /// The events that it wants, and where each goes.
    #[doc(hidden)]
    fn routes() -> Routes<Self>;

    /// See [`ReadModel::create`].
    #[doc(hidden)]
    fn create_model<'a>(&'a mut self, tx: &'a mut TxOf<Self>) -> BoxFuture<'a, Projected>;

    /// See [`ReadModel::reset`].
    #[doc(hidden)]
    fn reset_model<'a>(&'a mut self, tx: &'a mut TxOf<Self>) -> BoxFuture<'a, Projected>;

    /// See [`ProjectBatch::project_batch`].
    #[doc(hidden)]
    fn project_events<'a>(
        &'a mut self,
        _events: &'a [Recorded<Self::Event>],
        _tx: &'a mut TxOf<Self>,
    ) -> BoxFuture<'a, Projected> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// The reaction that it stands for, if it is no read model.
    #[doc(hidden)]
    fn reacting(&mut self) -> Option<&mut dyn Reacting<Self::Store>> {
        None
    }
}

/// The event of a projection that takes its events one by one: there is none.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub enum OneByOne {}

/// Makes the tables of a projection, and takes them away.
#[diagnostic::on_unimplemented(
    message = "nothing says what the read model of `{Self}` is made of",
    label = "its tables are not created by anything",
    note = "write `impl ReadModel for {Self}`, with `create` and `reset`; or keep the view `in_memory`"
)]
pub trait ReadModel: Projection {
    /// Makes an empty read model: called once before the first event, and again after [`reset`](Self::reset).
    fn create(&mut self, tx: &mut TxOf<Self>) -> impl Future<Output = Projected> + Send;

    /// Takes away all that there is of the read model, also where that is nothing.
    fn reset(&mut self, tx: &mut TxOf<Self>) -> impl Future<Output = Projected> + Send;

    /// [`create`](Self::create), for generated code.
    #[doc(hidden)]
    fn boxed_create<'a>(&'a mut self, tx: &'a mut TxOf<Self>) -> BoxFuture<'a, Projected> {
        Box::pin(self.create(tx))
    }

    /// [`reset`](Self::reset), for generated code.
    #[doc(hidden)]
    fn boxed_reset<'a>(&'a mut self, tx: &'a mut TxOf<Self>) -> BoxFuture<'a, Projected> {
        Box::pin(self.reset(tx))
    }
}

/// Projects the events of type `E`.
///
/// ```ignore
/// impl Project<Increased> for Balances {
///     async fn project(&mut self, recorded: &Recorded<Increased>, tx: &mut SqliteTx) -> Projected {
///         let sql = "INSERT INTO balances VALUES (?1, ?2) ON CONFLICT DO UPDATE SET balance = balance + ?2";
///         tx.execute(sql, (recorded.stream.id(), recorded.event.by as i64))?;
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "event `{E}` is not projected by `{Self}`",
    label = "listed in `events(..)`, but nothing is done with it",
    note = "write `impl Project<{E}> for {Self}`, or take it out of `events(..)`"
)]
pub trait Project<E: ProjectedBy<Self>>: Projection {
    /// Changes the read model by what happened.
    ///
    /// All that it writes through `tx` is there with the checkpoint or not at all. An error, or a panic, rolls the
    /// transaction back, and the event is tried again; what is done outside of `tx` is done again then.
    fn project(&mut self, recorded: &Recorded<E>, tx: &mut TxOf<Self>) -> impl Future<Output = Projected> + Send;

    /// [`project`](Self::project), for generated code.
    #[doc(hidden)]
    fn boxed<'a>(&'a mut self, recorded: Recorded<E>, tx: &'a mut TxOf<Self>) -> BoxFuture<'a, Projected> {
        Box::pin(async move { self.project(&recorded, tx).await })
    }
}

/// Projects many events at once, for statements of many rows: what a projection with the option `batch` implements
/// in place of [`Project`].
///
/// The events are of all types that the projection lists, as variants of the enum that the derive writes for it.
#[diagnostic::on_unimplemented(
    message = "nothing projects the events of `{Self}`, which takes them in batches",
    label = "has the option `batch`",
    note = "write `impl ProjectBatch for {Self}`, or take `batch` away and write `impl Project<Event>` for each event"
)]
pub trait ProjectBatch: Projection {
    /// Changes the read model by what happened, in this order. There is at least one event.
    ///
    /// After an error, or a panic, the same events come one by one, so that the one that fails is known.
    fn project_batch(
        &mut self,
        events: &[Recorded<Self::Event>],
        tx: &mut TxOf<Self>,
    ) -> impl Future<Output = Projected> + Send;

    /// [`project_batch`](Self::project_batch), for generated code.
    #[doc(hidden)]
    fn boxed<'a>(
        &'a mut self,
        events: &'a [Recorded<Self::Event>],
        tx: &'a mut TxOf<Self>,
    ) -> BoxFuture<'a, Projected> {
        Box::pin(self.project_batch(events, tx))
    }
}

/// Says that `Self` is an event listed in `events(..)` of the projection `P`; written by the derive.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of the projection `{P}`",
    label = "not listed in `events(..)`",
    note = "add it to `events(..)` in `#[projection(..)]` of `{P}`"
)]
pub trait ProjectedBy<P>: Send + Sync + Sized + 'static {}
