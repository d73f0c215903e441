//! How a projector runs a reaction: it reacts first, and takes note of it in a transaction afterwards.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::{LeaseOf, stands_behind};
use super::run::Trouble;
use super::step::Session;
use super::{OnFailure, Projector, ProjectorError};
use crate::BoxError;
use crate::event::Timestamp;
use crate::journal::{Journal, Page, PageSize, RawEvent};
use crate::projection::{Ended, Occasion, Projection, ReadStore, ReadStoreError, Stumble, Work};
use crate::reaction::Timer;

/// How often it is looked at the journal's clock while there are timers: it may be one that is set by hand.
const CLOCK: Duration = Duration::from_millis(100);

/// How far it was reacted to the events in hand.
pub(super) enum Reached {
    /// Up to this one, which is not the first.
    To(usize),
    /// Not to the first.
    Failed(BoxError),
}

/// A timer that has failed.
pub(super) struct FailedTimer {
    timer: Timer,
    attempts: u32,
}

impl<J: Journal + Clone, P: Projection> Projector<J, P> {
    /// Reacts to events in hand.
    pub(super) async fn react(
        &mut self,
        session: &Session,
        page: &Page,
        to: usize,
        lease: &Arc<LeaseOf<P>>,
    ) -> Result<Reached, Trouble> {
        let mut model = self.core.model.write().await;
        let Some(reacting) = model.reacting() else { return Ok(Reached::To(to)) };
        reacting.begin();
        let began = Instant::now();
        for (at, raw) in page.iter().enumerate().take(to).skip(session.at) {
            if stands_behind(&session.parked, &raw) {
                continue;
            }
            let timer_first = reacting.next_due().is_some_and(|due| due <= raw.recorded_at);
            if timer_first && at > session.at {
                return Ok(Reached::To(at));
            }
            match reacting.react(Occasion::Event(&raw), &self.store, lease).await {
                Ok(true) if began.elapsed() < self.batch.time => {}
                Ok(_) => return Ok(Reached::To(at + 1)),
                Err(Stumble::Event(error)) if at == session.at => return Ok(Reached::Failed(error)),
                // It is tried on its own, when what comes before it is noted.
                Err(Stumble::Event(_)) => return Ok(Reached::To(at)),
                Err(Stumble::Journal(error)) => return Err(error.into()),
                Err(Stumble::Store(error)) => return Err(error.into()),
            }
        }
        Ok(Reached::To(to))
    }

    /// The timer that comes before what is next in hand.
    pub(super) async fn due_timer(&self, session: &Session) -> Option<Timer> {
        let timer = self.core.model.write().await.reacting()?.next_timer()?;
        let next = session.page.as_ref().and_then(|page| page.iter().nth(session.at).map(|raw| raw.recorded_at));
        // Not the clock: an event that was recorded since the journal was looked at may cancel it.
        let now = next.or(session.looked_at)?;
        (timer.due <= now).then_some(timer)
    }

    /// Whether a timer has become due since the journal was looked at.
    pub(super) async fn is_to_look_again(&self, session: &Session) -> bool {
        session.to_reach.is_none() && self.has_become_due(session, self.core.clock.now()).await
    }

    async fn has_become_due(&self, session: &Session, now: Timestamp) -> bool {
        if !self.reacts {
            return false;
        }
        let mut model = self.core.model.write().await;
        let Some(due) = model.reacting().and_then(|reacting| reacting.next_due()) else { return false };
        due <= now && session.looked_at.is_none_or(|looked_at| looked_at < due)
    }

    /// Before the journal is read: notes what is to be in hand for a timer that has become due. Nobody waits for what is
    /// committed later, so not for ever on a server where something is held back all the time.
    pub(super) async fn look_for_newest(&self, session: &mut Session) -> Result<(), Trouble> {
        let now = self.core.clock.now();
        if session.to_reach.is_none() && self.has_become_due(session, now).await {
            session.to_reach = Some((now, self.journal.newest().await?));
        }
        Ok(())
    }

    /// How long to wait before it is looked whether a timer is due; `None` while there is none.
    pub(super) async fn time_to_timer(&self) -> Option<Duration> {
        if !self.reacts {
            return None;
        }
        let timer = self.core.model.write().await.reacting()?.next_timer()?;
        Some(timer.due.since(self.core.clock.now()).min(CLOCK))
    }

    /// Reacts to a timer, and takes it away; gives whether the session can go on.
    pub(super) async fn fire(&mut self, session: &mut Session, timer: Timer) -> Result<bool, Trouble> {
        let Some(lease) = self.lease.clone() else { return Ok(false) };
        if session.parked.contains_key(&timer.stream) {
            // One of the events that are parked may cancel it.
            session.failed_timer = None;
            let error = Some("it stands behind a parked event of its stream".to_owned());
            return self.settle(session, lease, Some(Timer { error, ..timer })).await;
        }
        let versions = timer.version..=timer.version;
        let page = self.journal.read_stream(&timer.stream, versions, PageSize::events(1)).await?;
        let Some(raw) = page.last().filter(|raw| raw.id == timer.event) else {
            let error = "the journal does not have the event any more".into();
            return self.after_timer_failure(session, timer, None, error).await;
        };
        match self.react_once(Occasion::Timer(&timer, &raw), &lease).await? {
            Ok(()) => {
                session.failed_timer = None;
                self.settle(session, lease, None).await
            }
            Err(error) => self.after_timer_failure(session, timer, Some(raw), error).await,
        }
    }

    /// Reacts to one thing, to be noted on its own.
    pub(super) async fn react_once(
        &self,
        occasion: Occasion<'_>,
        lease: &Arc<LeaseOf<P>>,
    ) -> Result<Result<(), BoxError>, Trouble> {
        let mut model = self.core.model.write().await;
        let Some(reacting) = model.reacting() else { return Ok(Ok(())) };
        reacting.begin();
        match reacting.react(occasion, &self.store, lease).await {
            Ok(_) => Ok(Ok(())),
            Err(Stumble::Event(error)) => Ok(Err(error)),
            Err(Stumble::Journal(error)) => Err(error.into()),
            Err(Stumble::Store(error)) => Err(error.into()),
        }
    }

    /// Takes note of what was reacted to, or puts a timer aside, where the checkpoint is still the same.
    async fn settle(&self, session: &Session, lease: Arc<LeaseOf<P>>, park: Option<Timer>) -> Result<bool, Trouble> {
        let (core, saved, under) = (Arc::clone(&self.core), session.saved.clone(), Arc::clone(&lease));
        let work: Work<_, Result<bool, ReadStoreError>> = Box::new(move |tx| {
            Box::pin(async move {
                let settling = async {
                    if P::Store::load(&lease, tx).await?.as_ref() != Some(&saved) {
                        return Ok(false);
                    }
                    let mut model = core.model.write().await;
                    let Some(reacting) = model.reacting() else { return Ok(false) };
                    match park {
                        Some(timer) => reacting.park_timer(&lease, tx, timer).await?,
                        None => reacting.settle(&lease, tx).await?,
                    }
                    // Fails where another one has taken over.
                    P::Store::save_at_end(&lease, tx, &saved).await?;
                    Ok(true)
                };
                match settling.await {
                    Ok(true) => Ended::Commit(Ok(true)),
                    other => Ended::RollBack(other),
                }
            })
        });
        let settled = self.store.transact_under(&under, work).await??;
        if settled {
            self.mended(session);
        }
        Ok(settled)
    }

    async fn after_timer_failure(
        &mut self,
        session: &mut Session,
        timer: Timer,
        raw: Option<RawEvent<'_>>,
        error: BoxError,
    ) -> Result<bool, Trouble> {
        let before = session.failed_timer.take().filter(|failed| failed.timer == timer);
        let attempts = before.map_or(1, |failed| failed.attempts + 1);
        let text = error.to_string();
        let error = ProjectorError::Event {
            projection: P::NAME,
            event: raw.as_ref().map_or_else(|| "an event".to_owned(), |raw| raw.name.to_owned()),
            stream: timer.stream.clone(),
            version: timer.version,
            position: raw.as_ref().map_or(session.saved.position, |raw| raw.position),
            attempts,
            source: BoxError::from(format!("timer `{}`: {text}", timer.name)).into(),
        };
        self.retrying(error.clone());
        match self.retry.wait_after(attempts) {
            Some(wait) => {
                session.failed_timer = Some(FailedTimer { timer, attempts });
                self.rest(wait).await;
                Ok(true)
            }
            None if self.on_failure == OnFailure::Park => {
                log::error!("a timer was parked: {error}");
                let Some(lease) = self.lease.clone() else { return Ok(false) };
                self.settle(session, lease, Some(Timer { error: Some(text), ..timer })).await
            }
            None => Err(error.into()),
        }
    }

    /// Takes back the timers that were put aside.
    pub(super) async fn unpark_timers(&self) -> Result<(), Trouble> {
        let Some(lease) = self.lease.clone().filter(|_| self.reacts) else { return Ok(()) };
        let core = Arc::clone(&self.core);
        let work: Work<_, Result<(), ReadStoreError>> = Box::new(move |tx| {
            Box::pin(async move {
                let mut model = core.model.write().await;
                let Some(reacting) = model.reacting() else { return Ended::RollBack(Ok(())) };
                reacting.unpark_timers(&lease, tx).await.into()
            })
        });
        Ok(self.store.transact(work).await??)
    }
}
