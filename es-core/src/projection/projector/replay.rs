//! Projecting parked events.

use std::collections::HashSet;
use std::sync::Arc;

use super::batch::{LeaseOf, begin_anew, parked};
use super::handle::{Answer, Core};
use super::run::Trouble;
use super::start::PARKED;
use super::step::Session;
use super::{Projector, ProjectorError, Replayed};
use crate::BoxError;
use crate::event::{Position, StreamId};
use crate::journal::{Journal, Page, PageSize};
use crate::projection::{
    Checkpoint, Ended, Occasion, ParkedEvent, Projection, ReadStore, ReadStoreError, Routes, TxOf, Work,
};

/// How far what is parked has been tried again, where somebody has asked for that.
#[derive(Default)]
pub(super) struct Replay {
    answers: Vec<Answer<Replayed>>,
    after: Position,
    /// The streams of which an event has failed again.
    failed: HashSet<StreamId>,
    result: Replayed,
}

impl Replay {
    pub(super) fn is_asked_for(&self) -> bool {
        !self.answers.is_empty()
    }

    /// Has all be tried for one more that asks for it.
    pub(super) fn ask(&mut self, answer: Answer<Replayed>) {
        let (mut answers, replayed) = (std::mem::take(&mut self.answers), self.result.replayed);
        answers.push(answer);
        *self = Self { answers, result: Replayed { replayed, still_parked: 0 }, ..Self::default() };
    }

    /// Tells those that have asked.
    pub(super) fn end(self, result: Result<Replayed, &ProjectorError>) {
        for answer in self.answers {
            // Nobody may wait for the answer any more.
            let _ = answer.send(result.map_err(Clone::clone));
        }
    }
}

/// A parked event that is tried again, in a transaction of its own.
struct Try<P: Projection> {
    core: Arc<Core<P>>,
    routes: Arc<Routes<P>>,
    lease: Arc<LeaseOf<P>>,
    /// The event alone.
    page: Page,
    start: Checkpoint,
}

enum Tried {
    Projected,
    Failed(BoxError),
    Store(ReadStoreError),
}

impl<P: Projection> Try<P> {
    fn into_work(self) -> Work<TxOf<P>, Tried> {
        Box::new(move |tx| {
            Box::pin(async move {
                match self.run(tx).await {
                    Ok(Tried::Projected) => Ended::Commit(Tried::Projected),
                    Ok(tried) => Ended::RollBack(tried),
                    Err(error) => Ended::RollBack(Tried::Store(error)),
                }
            })
        })
    }

    async fn run(self, tx: &mut TxOf<P>) -> Result<Tried, ReadStoreError> {
        let mut model = self.core.model.write().await;
        for raw in &self.page {
            let projected = if let Some(reacting) = model.reacting() {
                // It was reacted to before.
                reacting.settle(&self.lease, tx).await?;
                Ok(())
            } else {
                self.routes.begin().project(&mut model, &raw, tx).await
            };
            let done = match projected {
                Ok(()) => match P::Store::unpark(&self.lease, tx, raw.position..=raw.position).await {
                    Err(error @ ReadStoreError::Ended) => Err(error.into()),
                    unparked => Ok(unparked?),
                },
                Err(error) => P::Store::check(tx).await.map(|()| Err(error))?,
            };
            if let Err(error) = done {
                begin_anew(&mut *model, &self.lease, tx, self.start).await?;
                return Ok(Tried::Failed(error));
            }
        }
        Ok(Tried::Projected)
    }
}

impl<J: Journal + Clone, P: Projection> Projector<J, P> {
    /// Projects what is parked, and answers those that have asked for it; or, where that emptied the view, goes on with it
    /// once the view is as far again. The session is over then.
    pub(super) async fn replay_parked(&mut self, session: &Session) -> Result<(), Trouble> {
        self.unpark_timers().await?;
        loop {
            let events = self.parked_events(self.replay.after).await?;
            if events.is_empty() {
                break;
            }
            for event in events {
                let has_failed = self.replay.failed.contains(&event.stream);
                let is_projected = !has_failed && self.replay(session, &event).await?;
                self.replay.after = event.position;
                if is_projected {
                    self.replay.result.replayed += 1;
                    continue;
                }
                self.replay.result.still_parked += 1;
                self.replay.failed.insert(event.stream);
                if !has_failed && self.is_in_place() {
                    self.emptied_at = session.position();
                    return Ok(());
                }
            }
        }
        let replay = std::mem::take(&mut self.replay);
        let result = replay.result;
        replay.end(Ok(result));
        Ok(())
    }

    async fn parked_events(&self, after: Position) -> Result<Vec<ParkedEvent>, Trouble> {
        let Some(lease) = self.lease.clone() else { return Ok(Vec::new()) };
        let work: Work<TxOf<P>, _> = Box::new(move |tx| {
            Box::pin(async move { Ended::RollBack(P::Store::parked(&lease, tx, after, PARKED).await) })
        });
        Ok(self.store.transact(work).await??)
    }

    /// Projects a parked event; gives whether that went well.
    async fn replay(&mut self, session: &Session, event: &ParkedEvent) -> Result<bool, Trouble> {
        let Some(lease) = self.lease.clone() else { return Ok(false) };
        let versions = event.version..=event.version;
        let page = self.journal.read_stream(&event.stream, versions, PageSize::events(1)).await?;
        let found = page.last().filter(|raw| raw.id == event.id);
        let reacted = match &found {
            Some(raw) if self.reacts => self.react_once(Occasion::Event(raw), &lease).await?,
            _ => Ok(()),
        };
        let error = if let Err(error) = reacted {
            error.to_string()
        } else if found.is_some() {
            let start = Checkpoint { position: Position::START, last: None, ..session.saved().clone() };
            let core = Arc::clone(&self.core);
            let routes = Arc::clone(&self.routes);
            let tried = Try { core, routes, lease: Arc::clone(&lease), page: page.clone(), start };
            self.broken_off = self.is_in_place();
            let tried = self.store.transact(tried.into_work()).await;
            self.broken_off = false;
            match tried? {
                Tried::Projected => return Ok(true),
                Tried::Failed(error) => error.to_string(),
                Tried::Store(error) => return Err(error.into()),
            }
        } else {
            "the journal does not have the event any more".to_owned()
        };
        let entry = match found {
            Some(raw) => parked(&raw, Some(error), event.parked_at),
            None => ParkedEvent { error: Some(error), ..event.clone() },
        };
        let work: Work<TxOf<P>, _> =
            Box::new(move |tx| Box::pin(async move { P::Store::park(&lease, tx, &entry).await.into() }));
        self.store.transact(work).await??;
        Ok(false)
    }
}
