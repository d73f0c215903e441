//! `Batch`: what is done in one transaction.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::handle::Core;
use crate::BoxError;
use crate::event::{Position, StreamId, Timestamp};
use crate::journal::{Page, RawEvent};
use crate::projection::routes::Dispatch;
use crate::projection::{
    Checkpoint, Ended, LastEvent, ParkedEvent, Projection, ReadStore, ReadStoreError, Routes, TxOf, Work,
};

/// How many events there are between two looks at the clock.
const LOOK: usize = 8;
/// The most events that a projection gets at once.
const AT_ONCE: usize = 512;

/// Streams that have parked events, each with the position of the first.
pub(super) type ParkedStreams = HashMap<StreamId, Position>;

/// The lease of a projection.
pub(in crate::projection) type LeaseOf<P> = <<P as Projection>::Store as ReadStore>::Lease;

/// Some events of a page, to be projected in one transaction.
pub(super) struct Batch<P: Projection> {
    pub(super) core: Arc<Core<P>>,
    pub(super) routes: Arc<Routes<P>>,
    pub(super) lease: Arc<LeaseOf<P>>,
    pub(super) page: Arc<Page>,
    /// The events of the page that are to be projected.
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) time: Duration,
    /// The checkpoint as it must be.
    pub(super) saved: Checkpoint,
    pub(super) parked: Arc<ParkedStreams>,
    /// Why the first event is to be parked in place of being projected.
    pub(super) park: Option<String>,
}

/// How a batch ended.
pub(super) enum BatchEnd {
    /// The events before `to` are projected.
    Done { to: usize, saved: Checkpoint, recorded_at: Timestamp },
    /// Nothing was done, since one of these events failed.
    Failed { from: usize, to: usize, error: BoxError },
    /// Nothing was done, since the checkpoint is another one.
    Moved,
    /// Nothing was done, since the read store failed.
    Store(ReadStoreError),
}

/// Why the work was broken off.
enum Broken {
    Event { from: usize, to: usize, error: BoxError },
    Moved,
    Store(ReadStoreError),
}

impl From<ReadStoreError> for Broken {
    fn from(error: ReadStoreError) -> Self {
        Self::Store(error)
    }
}

impl Broken {
    /// Tells a transaction that the events of a batch have broken from a store that has failed.
    fn after(from: usize, to: usize) -> impl Fn(ReadStoreError) -> Self {
        move |error| match error {
            ReadStoreError::Ended => Self::Event { from, to: to.max(from + 1), error: error.into() },
            error => Self::Store(error),
        }
    }
}

impl<P: Projection> Batch<P> {
    /// Makes work for the read store of it.
    pub(super) fn into_work(self) -> Work<TxOf<P>, BatchEnd> {
        Box::new(move |tx| Box::pin(self.run(tx)))
    }

    async fn run(self, tx: &mut TxOf<P>) -> Ended<BatchEnd> {
        let core = Arc::clone(&self.core);
        let mut model = core.model.write().await;
        match self.project(&mut model, tx).await {
            Ok(done) => Ended::Commit(done),
            Err(Broken::Moved) => Ended::RollBack(BatchEnd::Moved),
            Err(Broken::Store(error)) => Ended::RollBack(BatchEnd::Store(error)),
            Err(Broken::Event { from, to, error }) => {
                if let Err(error) = P::Store::check(tx).await {
                    return Ended::RollBack(BatchEnd::Store(error));
                }
                let start = Checkpoint { position: Position::START, last: None, ..self.saved };
                match begin_anew(&mut *model, &self.lease, tx, start).await {
                    Ok(()) => Ended::RollBack(BatchEnd::Failed { from, to, error }),
                    Err(error) => Ended::RollBack(BatchEnd::Store(error)),
                }
            }
        }
    }

    async fn project(&self, model: &mut P, tx: &mut TxOf<P>) -> Result<BatchEnd, Broken> {
        if P::Store::load(&self.lease, tx).await?.as_ref() != Some(&self.saved) {
            return Err(Broken::Moved);
        }
        let to = if let Some(error) = &self.park {
            if let Some(raw) = self.page.iter().nth(self.from) {
                self.park(&raw, Some(error.clone()), tx).await?;
            }
            self.from + 1
        } else if let Some(reacting) = model.reacting() {
            // What is left of the page has been reacted to.
            for raw in self.page.iter().take(self.to).skip(self.from).filter(|raw| self.is_parked(raw)) {
                self.park(&raw, None, tx).await?;
            }
            reacting.settle(&self.lease, tx).await?;
            self.to
        } else if P::BATCH {
            self.project_together(model, tx).await?
        } else {
            self.project_each(model, tx).await?
        };
        let last = self.page.iter().nth(to.saturating_sub(1));
        let position = if to == self.page.len() { Some(self.page.next()) } else { last.map(|raw| raw.position) };
        let saved = Checkpoint {
            position: position.unwrap_or(self.saved.position),
            last: last.map(|raw| LastEvent { stream: raw.stream.clone(), version: raw.version, id: raw.id }),
            ..self.saved
        };
        P::Store::save_at_end(&self.lease, tx, &saved).await.map_err(Broken::after(self.from, to))?;
        Ok(BatchEnd::Done { to, saved, recorded_at: last.map_or(Timestamp::MIN, |raw| raw.recorded_at) })
    }

    /// Projects the events one by one; gives where it ended.
    async fn project_each(&self, model: &mut P, tx: &mut TxOf<P>) -> Result<usize, Broken> {
        let began = Instant::now();
        let mut dispatch = self.routes.begin();
        for (at, raw) in self.page.iter().enumerate().take(self.to).skip(self.from) {
            if self.is_parked(&raw) {
                self.park(&raw, None, tx).await.map_err(Broken::after(self.from, at))?;
            } else {
                let projected = dispatch.project(model, &raw, tx).await;
                projected.map_err(|error| Broken::Event { from: at, to: at + 1, error })?;
            }
            if at % LOOK == 0 && began.elapsed() >= self.time {
                return Ok(at + 1);
            }
        }
        Ok(self.to)
    }

    /// Projects the events some at a time; gives where it ended.
    async fn project_together(&self, model: &mut P, tx: &mut TxOf<P>) -> Result<usize, Broken> {
        let began = Instant::now();
        let mut dispatch = self.routes.begin();
        let mut raws = self.page.iter().enumerate().take(self.to).skip(self.from);
        let mut from = self.from;
        let mut events = Vec::new();
        while from < self.to && (from == self.from || began.elapsed() < self.time) {
            let to = self.to.min(from + AT_ONCE);
            events.clear();
            for (at, raw) in raws.by_ref().take(to - from) {
                if self.is_parked(&raw) {
                    self.park(&raw, None, tx).await.map_err(Broken::after(self.from, at))?;
                } else {
                    let collected = dispatch.collect(&raw, &mut events).await;
                    collected.map_err(|error| Broken::Event { from: at, to: at + 1, error })?;
                }
            }
            let projected = Dispatch::project_together(model, &events, tx).await;
            projected.map_err(|error| Broken::Event { from, to, error })?;
            from = to;
        }
        Ok(from)
    }

    /// Whether the event stands behind one of its stream that is parked.
    fn is_parked(&self, raw: &RawEvent<'_>) -> bool {
        stands_behind(&self.parked, raw)
    }

    async fn park(&self, raw: &RawEvent<'_>, error: Option<String>, tx: &mut TxOf<P>) -> Result<(), ReadStoreError> {
        let event = parked(raw, error, self.core.clock.now());
        P::Store::park(&self.lease, tx, &event).await
    }
}

/// Whether an event stands behind one of its stream that is parked.
pub(super) fn stands_behind(parked: &ParkedStreams, raw: &RawEvent<'_>) -> bool {
    !parked.is_empty() && parked.get(raw.stream).is_some_and(|first| raw.position >= *first)
}

/// The entry for an event that is put aside.
pub(super) fn parked(raw: &RawEvent<'_>, error: Option<String>, now: Timestamp) -> ParkedEvent {
    ParkedEvent {
        position: raw.position,
        stream: raw.stream.clone(),
        version: raw.version,
        id: raw.id,
        event: raw.name.to_owned(),
        error,
        parked_at: now,
    }
}

/// Empties a read model that a rollback would leave as it is: it may show half an event.
pub(super) async fn begin_anew<P: Projection>(
    model: &mut P,
    lease: &LeaseOf<P>,
    tx: &mut TxOf<P>,
    start: Checkpoint,
) -> Result<(), ReadStoreError> {
    if P::Store::ROLLS_BACK || model.reacting().is_some() {
        return Ok(());
    }
    // Making the value that it starts from has succeeded before; if it fails now, so does all that follows.
    let _ = crate::projection::futures::caught(async { model.reset_model(tx).await }).await;
    P::Store::save(lease, tx, &start).await
}
