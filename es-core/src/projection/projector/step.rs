//! The steps of a projector at work: read, project, wait.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::{Batch, BatchEnd, ParkedStreams};
use super::react::{FailedTimer, Reached};
use super::run::{Goal, Next, Trouble};
use super::{OnFailure, Projector, ProjectorError, ProjectorState, Status};
use crate::BoxError;
use crate::event::{Position, Timestamp};
use crate::journal::{HeldBack, Journal, JournalError, Page, PageSize};
use crate::projection::futures::{First, join, race};
use crate::projection::{Checkpoint, Ended, Projection, ReadStore, ReadStoreError, Work};

/// After how many pages without an event the position is saved all the same, so that they are not looked at again.
const EMPTY_PAGES: u32 = 64;
/// How often it is asked for the head while there is more to read anyway.
const HEAD: Duration = Duration::from_millis(200);

/// How often it is asked what holds events back, while there are none to read.
const HELD_BACK: Duration = Duration::from_secs(1);

/// What a projector knows while it has a projection.
pub(super) struct Session {
    /// The checkpoint as the read store has it.
    pub(super) saved: Checkpoint,
    /// How far it has looked; what is between this and the checkpoint were events that nobody wanted.
    position: Position,
    /// The events in hand, and the first of them that is not projected yet.
    pub(super) page: Option<Arc<Page>>,
    pub(super) at: usize,
    /// The page after that, read in advance.
    next_page: Option<Page>,
    /// Whether the journal had no more to read.
    pub(super) at_end: bool,
    /// A time by which all was in hand that had been committed before it.
    pub(super) looked_at: Option<Timestamp>,
    /// Such a time once the journal was read up to this position, which may be held back.
    pub(super) to_reach: Option<(Timestamp, Position)>,
    empty_pages: u32,
    pub(super) parked: Arc<ParkedStreams>,
    suspect: Option<Suspect>,
    /// The timer that has failed.
    pub(super) failed_timer: Option<FailedTimer>,
    head_asked: Instant,
}

/// Events that are projected one by one, each in a transaction of its own, since one of them has failed.
struct Suspect {
    from: Position,
    to: Position,
    /// How often the event at `from` has failed.
    attempts: u32,
    /// Why that event is to be parked.
    park: Option<String>,
}

impl Session {
    pub(super) fn new(saved: Checkpoint, parked: ParkedStreams) -> Self {
        Self {
            position: saved.position,
            saved,
            page: None,
            at: 0,
            next_page: None,
            at_end: false,
            looked_at: None,
            to_reach: None,
            empty_pages: 0,
            parked: Arc::new(parked),
            suspect: None,
            failed_timer: None,
            head_asked: Instant::now(),
        }
    }

    /// How far it has looked.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn saved(&self) -> &Checkpoint {
        &self.saved
    }

    /// Why the first event in hand is to be parked in place of being projected.
    fn park(&self, page: &Page) -> Option<String> {
        let Suspect { from, park: Some(error), .. } = self.suspect.as_ref()? else { return None };
        page.iter().nth(self.at).filter(|raw| raw.position == *from).map(|_| error.clone())
    }

    /// Which events of the page in hand come next: those before a suspect, or the suspect alone, or all.
    fn batch_end(&self, page: &Page) -> usize {
        let Some(suspect) = &self.suspect else { return page.len() };
        let mut rest = page.iter().enumerate().skip(self.at);
        let found = rest.find(|(_, raw)| (suspect.from..=suspect.to).contains(&raw.position));
        match found {
            Some((at, _)) if at == self.at => at + 1,
            Some((at, _)) => at,
            None => page.len(),
        }
    }
}

impl<J: Journal + Clone, P: Projection> Projector<J, P> {
    /// Does the next step.
    pub(super) async fn advance(&mut self, session: &mut Option<Session>, goal: Goal) -> Result<Next, Trouble> {
        let Some(current) = session else { return Ok(Next::GoOn) };
        if self.reacts
            && let Some(timer) = self.due_timer(current).await
        {
            if !self.fire(current, timer).await? {
                *session = None;
            }
            return Ok(Next::GoOn);
        }
        if let Some(page) = current.page.clone() {
            if !self.project(current, page).await? {
                *session = None;
            }
            return Ok(Next::GoOn);
        }
        // What is parked may have to wait for the view to be as far as it was.
        if matches!(goal, Goal::Head(Some(head)) if current.position >= head) && !self.replay.is_asked_for() {
            return Ok(Next::End);
        }
        if current.at_end && self.is_to_look_again(current).await {
            current.at_end = false;
        }
        if current.at_end && goal == Goal::Idle {
            if self.journal.head().await? <= current.position {
                return Ok(Next::End);
            }
            current.at_end = false;
        } else if current.at_end {
            self.wait_for_more(current).await?;
        } else {
            self.read(current).await?;
        }
        Ok(Next::GoOn)
    }

    async fn read_page(&self, after: Position) -> Result<Page, JournalError> {
        let size = PageSize { events: self.batch.events, ..PageSize::default() };
        let mut page = self.journal.read_all(after, &self.filter, size).await?;
        if let Some(until) = self.until {
            page.cut_after(until);
        }
        Ok(page)
    }

    /// Notes where the read model is, as far as this projector's part of it is concerned.
    fn reach(&self, change: impl FnOnce(&mut Status)) {
        if self.until.is_none() {
            self.core.status.send_modify(change);
        }
    }

    /// Takes the next page in hand.
    async fn read(&mut self, session: &mut Session) -> Result<(), Trouble> {
        let page = if let Some(page) = session.next_page.take() {
            page
        } else {
            self.look_for_newest(session).await?;
            self.read_page(session.position).await?
        };
        if page.more() {
            self.state(ProjectorState::CatchingUp);
            if session.head_asked.elapsed() > HEAD {
                session.head_asked = Instant::now();
                let head = self.journal.head().await?;
                self.core.status.send_modify(|status| status.head = status.head.max(head));
            }
        }
        if !page.is_empty() {
            session.page = Some(Arc::new(page));
            return Ok(());
        }
        session.at_end = !page.more();
        if session.at_end
            && let Some((looked_at, _)) = session.to_reach.take_if(|(_, newest)| *newest <= page.next())
        {
            session.looked_at = Some(looked_at);
        }
        if page.next() > session.position {
            session.position = page.next();
            session.empty_pages += 1;
            if session.empty_pages >= EMPTY_PAGES {
                self.save_position(session).await?;
            }
            self.reach(|status| status.reach(page.next(), None));
        }
        Ok(())
    }

    /// Waits for events, or for a command.
    async fn wait_for_more(&mut self, session: &mut Session) -> Result<(), Trouble> {
        self.state(ProjectorState::Live);
        // A timer that waits for what is held back is due when that can be read.
        let time = if session.to_reach.is_none() { self.time_to_timer().await } else { None };
        let journal = self.journal.clone();
        let mut waiting = pin!(journal.wait(session.position));
        let mut timer = pin!(async {
            match time {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        });
        loop {
            let events = race(waiting.as_mut(), timer.as_mut());
            match race(race(self.commands.recv(), events), tokio::time::sleep(HELD_BACK)).await {
                First::Left(First::Left(command)) => self.pending.extend(command),
                First::Left(First::Right(First::Left(head))) => {
                    let head = head?;
                    self.core.status.send_modify(|status| status.head = status.head.max(head));
                    session.at_end = false;
                }
                First::Left(First::Right(First::Right(()))) => {}
                First::Right(()) => {
                    // A journal that cannot say so now may be able to later.
                    let held_back = journal.held_back().await.unwrap_or_default();
                    self.held_back(held_back);
                    continue;
                }
            }
            self.held_back(None);
            return Ok(());
        }
    }

    fn held_back(&self, by: Option<HeldBack>) {
        self.core.status.send_if_modified(|status| {
            let changed = status.held_back != by;
            status.held_back = by;
            changed
        });
    }

    /// Projects some of the events in hand; gives whether the session can go on.
    async fn project(&mut self, session: &mut Session, page: Arc<Page>) -> Result<bool, Trouble> {
        let Some(lease) = self.lease.clone() else { return Ok(false) };
        let (mut to, park) = (session.batch_end(&page), session.park(&page));
        if self.reacts && park.is_none() {
            match self.react(session, &page, to, &lease).await? {
                Reached::To(reached) => to = reached,
                Reached::Failed(error) => {
                    return self.after_failure(session, &page, session.at, session.at + 1, error).await;
                }
            }
        }
        let batch = Batch {
            core: Arc::clone(&self.core),
            routes: Arc::clone(&self.routes),
            lease: Arc::clone(&lease),
            page: Arc::clone(&page),
            from: session.at,
            to,
            time: self.batch.time,
            saved: session.saved.clone(),
            parked: Arc::clone(&session.parked),
            park,
        };
        self.broken_off = self.is_in_place();
        let read_ahead = async {
            if page.more() && session.next_page.is_none() {
                // A page that cannot be read is read again when it is needed.
                self.read_page(page.next()).await.ok()
            } else {
                None
            }
        };
        // Asked for first: work that waits for nothing is done while the journal looks for it.
        let (next_page, ended) = join(read_ahead, self.store.transact_under(&lease, batch.into_work())).await;
        self.broken_off = false;
        if next_page.is_some() {
            session.next_page = next_page;
        }
        match ended {
            Ok(BatchEnd::Done { to, saved, recorded_at }) => {
                self.done(session, &page, to, saved, recorded_at);
                Ok(true)
            }
            Ok(BatchEnd::Failed { from, to, error }) => self.after_failure(session, &page, from, to, error).await,
            Ok(BatchEnd::Moved) => Ok(false),
            // Found out at the end: that one of the events has broken the transaction.
            Err(error @ ReadStoreError::Ended) if P::Store::ROLLS_BACK => {
                self.after_failure(session, &page, session.at, to, error.into()).await
            }
            Ok(BatchEnd::Store(error)) | Err(error) => Err(error.into()),
        }
    }

    /// Notes what has been projected.
    fn done(&mut self, session: &mut Session, page: &Page, to: usize, saved: Checkpoint, recorded_at: Timestamp) {
        let events = to.saturating_sub(session.at);
        if session.park(page).is_some()
            && let Some(raw) = page.iter().nth(session.at)
        {
            log::error!("projection `{}` has parked event {} of `{}`", P::NAME, raw.version, raw.stream);
            Arc::make_mut(&mut session.parked).insert(raw.stream.clone(), raw.position);
        }
        session.at = to;
        session.empty_pages = 0;
        session.position = saved.position;
        if let Some(suspect) = session.suspect.as_mut().filter(|suspect| suspect.from <= saved.position) {
            suspect.attempts = 0;
            suspect.park = None;
            if suspect.to <= saved.position {
                session.suspect = None;
            }
        }
        session.saved = saved;
        if to == page.len() {
            session.page = None;
            session.at = 0;
            // Where there were events, more have come meanwhile most often: to read costs no more than to ask.
            session.at_end = false;
        }
        let rate = self.meter.add(events as u64);
        self.reach(|status| {
            status.reach(session.position, Some(recorded_at));
            status.measure(rate);
            status.parked_streams = session.parked.len();
        });
        self.mended(session);
    }

    /// Notes that what had failed has not any more.
    pub(super) fn mended(&self, session: &Session) {
        if session.suspect.is_some() || session.failed_timer.is_some() {
            return;
        }
        self.core.status.send_if_modified(|status| {
            let mended = status.last_error.take().is_some();
            if mended {
                status.state = ProjectorState::CatchingUp;
            }
            mended
        });
    }

    /// Decides what becomes of events that failed; gives whether the session can go on.
    async fn after_failure(
        &mut self,
        session: &mut Session,
        page: &Page,
        from: usize,
        to: usize,
        error: BoxError,
    ) -> Result<bool, Trouble> {
        let mut failed = page.iter().skip(from).take(to - from);
        let Some(first) = failed.next() else { return Ok(false) };
        let last = failed.last().unwrap_or(first);
        // Before it counts as a try, what comes before the event is to be projected.
        let alone = to - from == 1 && from == session.at;
        let before = session.suspect.take();
        let again = before.as_ref().filter(|suspect| suspect.from == first.position).map_or(0, |same| same.attempts);
        let attempts = if alone { again + 1 } else { 0 };
        let until = before.map_or(last.position, |suspect| suspect.to.max(last.position));
        let mut suspect = Suspect { from: first.position, to: until, attempts, park: None };
        if alone {
            let text = error.to_string();
            let error = ProjectorError::Event {
                projection: P::NAME,
                event: first.name.to_owned(),
                stream: first.stream.clone(),
                version: first.version,
                position: first.position,
                attempts,
                source: error.into(),
            };
            self.retrying(error.clone());
            match self.retry.wait_after(attempts) {
                Some(wait) => self.rest(wait).await,
                None if self.on_failure == OnFailure::Park => suspect.park = Some(text),
                None => return Err(error.into()),
            }
        }
        session.suspect = Some(suspect);
        if self.is_in_place() {
            self.go_to_start(session);
        }
        Ok(true)
    }

    /// Notes that the read model is empty again.
    fn go_to_start(&mut self, session: &mut Session) {
        self.emptied_at = self.emptied_at.max(session.position);
        session.saved = Checkpoint { position: Position::START, last: None, ..session.saved };
        session.position = Position::START;
        session.page = None;
        session.next_page = None;
        session.at = 0;
        session.at_end = false;
        session.looked_at = None;
        session.to_reach = None;
        self.core.status.send_modify(|status| status.reach(Position::START, None));
    }

    /// Saves how far it has looked, where that is further than the checkpoint.
    pub(super) async fn save_position(&mut self, session: &mut Session) -> Result<(), Trouble> {
        let Some(lease) = self.lease.clone().filter(|_| session.position > session.saved.position) else {
            return Ok(());
        };
        let saved = session.saved.clone();
        let moved = Checkpoint { position: session.position, ..saved.clone() };
        let (save, under) = (moved.clone(), Arc::clone(&lease));
        let work: Work<_, Result<bool, ReadStoreError>> = Box::new(move |tx| {
            Box::pin(async move {
                match P::Store::load(&lease, tx).await {
                    Ok(Some(stored)) if stored == saved => {
                        P::Store::save_at_end(&lease, tx, &save).await.map(|()| true).into()
                    }
                    Ok(_) => Ended::RollBack(Ok(false)),
                    Err(error) => Ended::RollBack(Err(error)),
                }
            })
        });
        if self.store.transact_under(&under, work).await?? {
            session.saved = moved;
            session.empty_pages = 0;
        }
        Ok(())
    }
}
