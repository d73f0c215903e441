//! Inline views: projections that run in the transaction of the append itself.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::projector::{Core, LeaseOf, Projector, ProjectorError};
use super::{Checkpoint, Ended, LastEvent, Projection, ReadStore, ReadStoreError, Routes, TxOf, Work};
use crate::BoxError;
use crate::aggregate::Aggregate;
use crate::event::Position;
use crate::journal::{Filter, Journal, RawEvent};
use crate::repository::Repository;
use crate::snapshot::SnapshotStore;

/// A store that is journal and read store in one database, so that an append and what it does to views are one transaction.
pub trait InlineStore: Journal + ReadStore {
    /// Takes the right to advance the projection of this name along with appends, as other processes may do at the same
    /// time; `None` while a projector has it.
    fn lease_inline(
        &self,
        projection: &str,
    ) -> impl Future<Output = Result<Option<Self::Lease>, ReadStoreError>> + Send;

    /// Has each append from now on change the view too. A view of the same name takes the place of the earlier one.
    ///
    /// In each transaction that appends, the store has the view [begin](InlineView::begin), gives it the events that it has
    /// not seen yet and then those of each append, and has it [end](InlineView::end). A view that fails on an append fails
    /// that append ([`AppendError::View`](crate::AppendError::View)) and no other.
    fn inline(&self, view: Box<dyn InlineView<Self::Tx>>) -> impl Future<Output = Result<(), ReadStoreError>> + Send;
}

/// A view that changes along with appends: what an [`InlineStore`] does with it, transaction by transaction.
pub trait InlineView<Tx>: Send {
    /// The name of the projection.
    fn name(&self) -> &'static str;

    /// The events that it wants.
    fn filter(&self) -> &Filter;

    /// Begins a transaction; gives the position up to which the view has seen the journal.
    ///
    /// # Errors
    ///
    /// What the read store says, or that the read model is not the one that it should be.
    fn begin(&mut self, tx: &mut Tx) -> Result<Position, BoxError>;

    /// Projects an event.
    ///
    /// # Errors
    ///
    /// What the projection says; that it panicked; or that it waited for something.
    fn project(&mut self, raw: &RawEvent<'_>, tx: &mut Tx) -> Result<(), BoxError>;

    /// Ends a transaction, in which the view has seen the journal up to `position`, and `last`, the last event that it
    /// has projected, if there was any.
    ///
    /// # Errors
    ///
    /// What the read store says.
    fn end(&mut self, position: Position, last: Option<LastEvent>, tx: &mut Tx) -> Result<(), BoxError>;

    /// Forgets what it knows of its checkpoint: the transaction was rolled back, or another process has written.
    fn forget(&mut self);
}

struct Inline<P: Projection> {
    core: Arc<Core<P>>,
    routes: Arc<Routes<P>>,
    filter: Filter,
    lease: LeaseOf<P>,
    /// The checkpoint in the read store, unless it has to be looked up.
    saved: Option<Checkpoint>,
}

impl<P: Projection> InlineView<TxOf<P>> for Inline<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn filter(&self) -> &Filter {
        &self.filter
    }

    fn begin(&mut self, tx: &mut TxOf<P>) -> Result<Position, BoxError> {
        if let Some(saved) = &self.saved {
            return Ok(saved.position);
        }
        let Some(saved) = at_once(P::Store::load(&self.lease, tx))?? else {
            return Err("its read model is gone; run its projector".into());
        };
        if saved.version != P::VERSION {
            let what = format!("its read model has version {}, and this program has {}", saved.version, P::VERSION);
            return Err(what.into());
        }
        let position = saved.position;
        self.saved = Some(saved);
        Ok(position)
    }

    fn project(&mut self, raw: &RawEvent<'_>, tx: &mut TxOf<P>) -> Result<(), BoxError> {
        let mut model = self.core.model.try_write()?;
        at_once(self.routes.begin().project(&mut *model, raw, tx))?
    }

    fn end(&mut self, position: Position, last: Option<LastEvent>, tx: &mut TxOf<P>) -> Result<(), BoxError> {
        let Some(saved) = self.saved.as_mut().filter(|saved| saved.position < position) else { return Ok(()) };
        saved.position = position;
        if last.is_some() {
            saved.last = last;
        }
        Ok(at_once(P::Store::save(&self.lease, tx, saved))??)
    }

    fn forget(&mut self) {
        self.saved = None;
    }
}

/// What a future gives that has nothing to wait for.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> Result<T, BoxError> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err("an inline view cannot wait for anything: all appends would wait with it".into()),
    }
}

impl<A: Aggregate, S: InlineStore + SnapshotStore> Repository<A, S> {
    /// Has `projection` run in the transaction of each append, for a view that never lags: once a command is answered the
    /// view shows it, and it never shows anything that is not in the journal.
    ///
    /// The view is brought up to date first, then registered with the store: it runs for all that this program appends to
    /// the store, also for other aggregates. What other programs append, which do not run it, it shows with the next append of
    /// this one. It takes the place of a projector, so none can run for it meanwhile.
    ///
    /// The price: each append waits for it, so it does little, and it waits for nothing. Where it fails on the events of an
    /// append, that append fails ([`AppendError::View`](crate::AppendError::View)), and no other.
    ///
    /// ```ignore
    /// let accounts = Repository::<Account, _>::new(&store).inline(Balances).await?;
    /// accounts.execute("alice", Increase { by: 100 }).await?;
    /// let balance: i64 = store.read(|db| db.query_row("SELECT balance FROM balances", [], |row| row.get(0))).await?;
    /// ```
    ///
    /// # Errors
    ///
    /// - [`ProjectorError::Held`] while a projector has the projection: stop it;
    /// - the others say why the view could not be brought up to date.
    pub async fn inline<P: Projection<Store = S>>(self, projection: P) -> Result<Self, ProjectorError> {
        let store = self.store();
        let mut projector = Projector::new(store, store, projection);
        let store_failed =
            |source: ReadStoreError| ProjectorError::Store { projection: P::NAME, source: source.into() };
        let held = match projector.run_to_head().await {
            Ok(_) => None,
            // By another program that runs it inline, perhaps: then it is up to date.
            Err(error @ ProjectorError::Held { .. }) => Some(error),
            Err(error) => return Err(error),
        };
        let lease = store.lease_inline(P::NAME).await.map_err(store_failed)?;
        let held = held.unwrap_or(ProjectorError::Held { projection: P::NAME });
        let Some(lease) = lease else { return Err(held) };
        let (core, routes, filter) = projector.into_parts();
        let mut view = Inline { core, routes, filter, lease, saved: None };
        let check: Work<S::Tx, _> = Box::new(move |tx| {
            Box::pin(async move {
                let checked = view.begin(tx).map(drop);
                Ended::RollBack((view, checked))
            })
        });
        let (view, checked) = store.transact(check).await.map_err(store_failed)?;
        checked.map_err(|source| ProjectorError::Model { projection: P::NAME, source: source.into() })?;
        store.inline(Box::new(view)).await.map_err(store_failed)?;
        Ok(self)
    }
}
