//! The course of a relay: what it does next, and what it does about a store that fails.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::handle::{Answer, Command, stopped, store_failed};
use super::send::{Away, Trouble};
use super::turn::{Found, Turn};
use super::{RelayError, RelayHandle, RelayState, RelayStatus};
use crate::event::{Clock, Position, StreamId};
use crate::projection::futures::{First, race};
use crate::projection::{
    Ended, OnFailure, ProjectorHandle, ProjectorState, ReadStoreError, STORE_WAIT, StatusChanges, Work, done, may_pass,
};
use crate::publishing::feed::Made;
use crate::publishing::{Feed, OutboxMessage, OutboxSize, OutboxStore, ParkedMessage, Publish, Publisher};
use crate::repository::Retry;

/// How often a message is tried, unless the user says otherwise.
const RETRY: Retry = Retry { attempts: 10, wait: Duration::from_millis(200), longest_wait: Duration::from_mins(1) };
/// How many messages are taken at a time, unless the user says otherwise.
const BATCH: usize = 256;
/// How often it is looked whether another relay has ended.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is looked for messages that another program has put there.
const POLL: Duration = Duration::from_secs(1);
/// How many parked messages are read at once.
const PARKED: usize = 256;
/// How often messages are counted where they are many, and how many these are.
const COUNT: Duration = Duration::from_millis(500);
const MANY: u64 = 5_000;
/// How often messages are deleted that were kept, and how many at once.
const FORGET: Duration = Duration::from_secs(10);
const FORGOTTEN: usize = 1_000;

/// When the work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// Never: new messages are sent.
    Follow,
    /// When no message is ready.
    Empty,
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    /// What was to be reached is reached, or it was told to stop.
    End,
}

/// How the work has ended.
#[derive(Clone, Copy)]
pub(super) enum Course {
    Reached,
    Stopped,
}

/// Sends what is in an outbox.
pub(super) struct Sender<P: Publish, S: OutboxStore, B> {
    pub(super) store: S,
    pub(super) publisher: Arc<B>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) on_failure: OnFailure,
    pub(super) retry: Retry,
    pub(super) limit: usize,
    pub(super) lanes: usize,
    pub(super) timeout: Duration,
    pub(super) keep: Option<Duration>,
    feed: ProjectorHandle<Feed<P, S>>,
    filled: StatusChanges,
    made: Made,
    /// How often the messages had been made anew when those were read that are in hand.
    of: u64,
    pub(super) status: watch::Sender<RelayStatus>,
    /// Kept so that there is always someone to give commands, if only this.
    teller: mpsc::UnboundedSender<Command>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    /// Commands that came while it was waiting for something else.
    pub(super) pending: VecDeque<Command>,
    lease: Option<Arc<S::Lease>>,
    /// Whether it was told to pause, and not yet to go on.
    paused: bool,
    /// Whether it is known which streams have parked messages.
    known: bool,
    pub(super) parked: HashSet<StreamId>,
    /// Streams whose first message is tried again later.
    pub(super) waiting: HashMap<StreamId, super::send::Waiting>,
    pub(super) away: Away,
    /// What is not noted in the outbox yet.
    pub(super) sent: Arc<Vec<OutboxMessage>>,
    pub(super) parks: Vec<ParkedMessage>,
    counted: Option<Instant>,
    size: OutboxSize,
    forgotten: Instant,
}

impl<P: Publish, S: OutboxStore, B> Sender<P, S, B> {
    pub(super) fn new(
        store: S,
        publisher: B,
        (feed, made): (ProjectorHandle<Feed<P, S>>, Made),
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (teller, commands) = mpsc::unbounded_channel();
        Self {
            store,
            publisher: Arc::new(publisher),
            clock,
            on_failure: OnFailure::Park,
            retry: RETRY,
            limit: BATCH,
            lanes: 1,
            timeout: Duration::from_mins(1),
            keep: None,
            filled: feed.changes(),
            status: watch::Sender::new(RelayStatus::new(P::NAME, feed.status())),
            feed,
            made,
            of: 0,
            teller,
            commands,
            pending: VecDeque::new(),
            lease: None,
            paused: false,
            known: false,
            parked: HashSet::new(),
            waiting: HashMap::new(),
            away: Away::default(),
            sent: Arc::default(),
            parks: Vec::new(),
            counted: None,
            size: OutboxSize::default(),
            forgotten: Instant::now(),
        }
    }

    pub(super) fn handle(&self) -> RelayHandle<P, S> {
        let (store, feed) = (self.store.clone(), self.feed.clone());
        RelayHandle { store, feed, status: self.status.clone(), commands: self.teller.clone() }
    }

    pub(super) fn commands(&self) -> mpsc::UnboundedSender<Command> {
        self.teller.clone()
    }

    fn state(&self, state: RelayState) {
        self.status.send_if_modified(|status| {
            let changed = status.state != state;
            status.state = state;
            changed
        });
    }
}

impl<P: Publish, S: OutboxStore, B> Drop for Sender<P, S, B> {
    fn drop(&mut self) {
        // Whoever is told that it has stopped may begin another one.
        self.lease = None;
        self.state(RelayState::Stopped);
    }
}

impl<P: Publish, S: OutboxStore, B: Publisher> Sender<P, S, B> {
    /// Runs, and waits after a failure to be told to go on.
    pub(super) async fn keep_running(mut self) {
        while let Err(error) = self.work(Goal::Follow).await {
            log::error!("a relay has failed: {error}");
            if self.wait_after_failure().await == Next::End {
                break;
            }
        }
    }

    /// Sends what is ready, and ends.
    pub(super) async fn run_to_end(&mut self) -> Result<Position, RelayError> {
        let ended = self.work(Goal::Empty).await;
        self.lease = None;
        self.known = false;
        self.paused = false;
        self.away = Away::default();
        self.state(RelayState::Stopped);
        match ended? {
            Course::Stopped => Err(stopped::<P>()),
            Course::Reached => Ok(self.status.borrow().position),
        }
    }

    /// Forgets that it was told to stop, where what fills the outbox has stopped for it.
    pub(super) fn forget_stop(&mut self) {
        while let Ok(command) = self.commands.try_recv() {
            self.pending.push_back(command);
        }
        self.pending.retain(|command| !matches!(command, Command::Stop));
        self.state(RelayState::Stopped);
    }

    /// Works until the goal is reached, it is stopped, or it fails.
    pub(super) async fn work(&mut self, goal: Goal) -> Result<Course, RelayError> {
        let mut failures = 0;
        loop {
            let (next, ended) = match self.obey().await {
                Next::GoOn => (self.step(goal).await, Course::Reached),
                Next::End => (Ok(Next::End), Course::Stopped),
            };
            match next {
                Ok(Next::GoOn) => failures = 0,
                Ok(Next::End) => {
                    // What is not noted is only sent again by the next relay.
                    let _ = self.settle().await;
                    return Ok(ended);
                }
                Err(trouble) => {
                    failures += 1;
                    self.after_trouble(trouble, failures, goal).await?;
                }
            }
            // A store in memory never waits for anything: the other futures of the thread have their turn here.
            tokio::task::yield_now().await;
        }
    }

    async fn step(&mut self, goal: Goal) -> Result<Next, Trouble> {
        let Some(lease) = self.take_lease(goal).await? else { return Ok(Next::GoOn) };
        if !self.known {
            self.find_parked().await?;
        }
        // In this order: what was filled in by then is seen by the turn.
        let filled = self.feed.status().position;
        let found = self.turn(lease, self.limit).await?;
        self.note(filled, found.size);
        let messages = self.hold_parked(found.messages);
        if !messages.is_empty() {
            self.send(messages, goal).await?;
        } else if self.parks.is_empty() {
            if goal == Goal::Empty && self.waiting.is_empty() && found.size.is_some_and(|size| size.ready == 0) {
                return Ok(Next::End);
            }
            self.forget().await?;
            self.wait_for_more().await;
        }
        Ok(Next::GoOn)
    }

    async fn take_lease(&mut self, goal: Goal) -> Result<Option<Arc<S::Lease>>, Trouble> {
        if self.lease.is_some() {
            return Ok(self.lease.clone());
        }
        // Whoever fills the outbox sends from it, too, and knows at once what there is.
        let feed = self.feed.status().state;
        let is_turn = goal == Goal::Empty || !matches!(feed, ProjectorState::Starting | ProjectorState::Waiting);
        if is_turn {
            self.known = false;
            self.lease = self.store.lease(P::RELAY).await?.map(Arc::new);
        }
        if self.lease.is_none() {
            if is_turn {
                self.taken_over();
            }
            if goal == Goal::Empty {
                return Err(Trouble::Failed(RelayError::Held { publication: P::NAME }));
            }
            if feed != ProjectorState::Starting {
                self.state(RelayState::Waiting);
            }
            self.rest(LOOK, true).await;
        }
        Ok(self.lease.clone())
    }

    async fn find_parked(&mut self) -> Result<(), Trouble> {
        self.parked.clear();
        self.waiting.clear();
        // One that is not in the table is ready: it is tried, and put aside, again. What is behind it comes after that.
        self.parks.clear();
        self.counted = None;
        let mut after = None;
        loop {
            let work: Work<S::Tx, _> = Box::new(move |tx| {
                Box::pin(async move { Ended::RollBack(S::parked_messages(tx, P::NAME, after, PARKED).await) })
            });
            let messages = self.store.transact(work).await??;
            let Some(last) = messages.last() else { break };
            after = Some(last.key);
            self.parked.extend(messages.into_iter().map(|message| message.stream));
        }
        self.known = true;
        Ok(())
    }

    /// Forgets what is not noted: whoever has the outbox may have made it anew, or sends it.
    fn taken_over(&mut self) {
        self.sent = Arc::default();
        self.parks.clear();
    }

    /// Notes what became of messages, and takes the next ones.
    async fn turn(&mut self, lease: Arc<S::Lease>, limit: usize) -> Result<Found, Trouble> {
        loop {
            let made = self.made.times();
            if self.of != made {
                // Others are there now: each is to be sent, as if for the first time.
                self.sent = Arc::default();
                self.find_parked().await?;
                self.of = made;
            }
            if let Some(found) = self.try_turn(Arc::clone(&lease), limit).await? {
                return Ok(found);
            }
        }
    }

    /// Does so, unless the messages are made anew meanwhile.
    async fn try_turn(&mut self, lease: Arc<S::Lease>, limit: usize) -> Result<Option<Found>, Trouble> {
        let now = Instant::now();
        let count = self
            .counted
            .is_none_or(|counted| self.size.ready + self.size.parked < MANY || now.duration_since(counted) >= COUNT);
        let except = self.waiting.iter().filter(|(_, waiting)| waiting.until > now).map(|(stream, _)| stream.clone());
        let turn = Turn::<S> {
            outbox: P::NAME,
            lease,
            sent: Arc::clone(&self.sent),
            keep: self.keep.map(|_| self.clock.now()),
            parks: self.parks.clone(),
            made: self.made.clone(),
            of: self.of,
            except: except.collect(),
            limit,
            count,
        };
        let Some(found) = self.store.transact(turn.into_work()).await?? else { return Ok(None) };
        self.sent = Arc::default();
        self.parks.clear();
        if count {
            self.counted = Some(now);
        }
        Ok(Some(found))
    }

    /// Notes what became of messages.
    pub(super) async fn settle(&mut self) -> Result<(), Trouble> {
        let Some(lease) = self.lease.clone() else { return Ok(()) };
        if self.sent.is_empty() && self.parks.is_empty() {
            return Ok(());
        }
        self.look(lease).await
    }

    /// Notes what became of messages, and how many there are.
    async fn look(&mut self, lease: Arc<S::Lease>) -> Result<(), Trouble> {
        let filled = self.feed.status().position;
        let found = self.turn(lease, 0).await?;
        self.note(filled, found.size);
        Ok(())
    }

    /// Notes how far it is.
    fn note(&mut self, filled: Position, size: Option<OutboxSize>) {
        if let Some(size) = size {
            self.size = size;
        }
        let retrying = self.waiting.len();
        let feed = self.feed.status();
        let (now, paused) = (self.size, self.paused);
        self.status.send_modify(|status| {
            status.state = match retrying {
                _ if paused => RelayState::Paused,
                0 => RelayState::Running,
                _ => RelayState::Retrying,
            };
            if retrying == 0 {
                status.last_error = None;
            }
            status.retrying_streams = retrying;
            if size.is_some() {
                status.ready = now.ready;
                status.parked = now.parked;
                status.first_parked = now.first_parked;
                status.position = now.first_ready.map_or(filled, |first| before(first).min(filled));
            }
            status.feed = feed;
        });
    }

    /// Takes out the messages that stand behind a parked one.
    fn hold_parked(&mut self, messages: Vec<OutboxMessage>) -> Vec<OutboxMessage> {
        if self.parked.is_empty() {
            return messages;
        }
        let (held, rest): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| self.parked.contains(&message.stream));
        let now = self.clock.now();
        self.parks.extend(held.into_iter().map(|message| super::send::parked(message, 0, None, now)));
        rest
    }

    /// Deletes messages that were kept for long enough.
    async fn forget(&mut self) -> Result<(), Trouble> {
        let (Some(keep), Some(lease)) = (self.keep, self.lease.clone()) else { return Ok(()) };
        if self.forgotten.elapsed() < FORGET {
            return Ok(());
        }
        let before = self.clock.now() - keep;
        let work: Work<S::Tx, _> = Box::new(move |tx| {
            Box::pin(async move {
                match S::forget(&lease, tx, P::NAME, before, FORGOTTEN).await {
                    Ok(forgotten) => Ended::Commit(Ok(forgotten)),
                    Err(error) => Ended::RollBack(Err(error)),
                }
            })
        });
        if self.store.transact(work).await?? < FORGOTTEN as u64 {
            self.forgotten = Instant::now();
        }
        Ok(())
    }

    /// Waits for messages, for the time to try one again, or for a command.
    async fn wait_for_more(&mut self) {
        let now = Instant::now();
        let next = self.waiting.values().map(|waiting| waiting.until).min();
        let time = next.map_or(POLL, |next| next.saturating_duration_since(now).min(POLL));
        self.rest(time, true).await;
    }

    /// Waits for a while, or for a command; or for the outbox to be filled.
    pub(super) async fn rest(&mut self, time: Duration, for_feed: bool) {
        let feed = async {
            if for_feed {
                self.filled.next().await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        let changed = race(feed, tokio::time::sleep(time));
        if let First::Left(Some(command)) = race(self.commands.recv(), changed).await {
            self.pending.push_back(command);
        }
    }

    /// Waits before it is tried again, where that may help.
    async fn after_trouble(&mut self, trouble: Trouble, failures: u32, goal: Goal) -> Result<(), RelayError> {
        let (error, passes) = match trouble {
            Trouble::Failed(error) => (error, false),
            Trouble::Store(source) => {
                let passes = match &source {
                    ReadStoreError::Store(error) => may_pass(error),
                    ReadStoreError::TakenOver { .. } => goal == Goal::Follow,
                    ReadStoreError::Ended | ReadStoreError::WholeOnly => false,
                };
                if matches!(source, ReadStoreError::TakenOver { .. }) {
                    self.taken_over();
                }
                // Who has the outbox, and what is parked in it, is to be found out again.
                self.lease = None;
                (store_failed::<P>(source), passes)
            }
        };
        let gives_up = goal == Goal::Empty && failures >= STORE_TRIES;
        if !passes || gives_up {
            self.lease = None;
            self.status.send_modify(|status| {
                status.state = RelayState::Failed;
                status.last_error = Some(error.clone());
            });
            return Err(error);
        }
        log::warn!("a relay tries again: {error}");
        self.status.send_modify(|status| {
            status.state = RelayState::Retrying;
            status.last_error = Some(error);
        });
        self.rest(STORE_WAIT.wait_after(failures.max(2)).unwrap_or_default(), false).await;
        Ok(())
    }

    async fn command(&mut self) -> Option<Command> {
        match self.pending.pop_front() {
            Some(command) => Some(command),
            None => self.commands.recv().await,
        }
    }

    async fn wait_after_failure(&mut self) -> Next {
        loop {
            match self.command().await {
                None | Some(Command::Stop) => return Next::End,
                // It does nothing as it is; what it is told next does not undo that.
                Some(Command::Pause(answer)) => {
                    self.paused = true;
                    done(answer);
                }
                Some(Command::Resume(answer)) => {
                    self.paused = false;
                    self.go_on();
                    done(answer);
                    return Next::GoOn;
                }
                Some(command @ (Command::ReplayParked(_) | Command::Discard(..))) => {
                    self.go_on();
                    self.pending.push_front(command);
                    return Next::GoOn;
                }
            }
        }
    }

    /// Begins anew after a failure.
    fn go_on(&mut self) {
        self.known = false;
        self.away = Away::default();
        self.status.send_modify(|status| {
            status.state = RelayState::Starting;
            status.last_error = None;
        });
    }

    /// Does what it was told meanwhile; while it is paused, until it is told to go on.
    async fn obey(&mut self) -> Next {
        loop {
            let command = if self.paused {
                self.state(RelayState::Paused);
                self.command().await
            } else {
                match self.pending.pop_front().or_else(|| self.commands.try_recv().ok()) {
                    None => return Next::GoOn,
                    command => command,
                }
            };
            match command {
                None | Some(Command::Stop) => return Next::End,
                Some(Command::Pause(answer)) => {
                    self.paused = true;
                    self.state(RelayState::Paused);
                    done(answer);
                    // What could not be noted is noted by a later turn.
                    let _ = self.settle().await;
                }
                Some(Command::Resume(answer)) => {
                    if std::mem::take(&mut self.paused) {
                        self.state(RelayState::Running);
                    }
                    done(answer);
                }
                Some(Command::ReplayParked(answer)) => {
                    let replayed = self.replay().await;
                    self.tell(answer, replayed);
                }
                Some(Command::Discard(id, answer)) => {
                    let discarded = self.discard(id).await;
                    self.tell(answer, discarded);
                }
            }
        }
    }

    /// Tells whoever has asked what came of it. An error is theirs alone: what is wrong with the store shows in the next turn.
    fn tell<T>(&mut self, answer: Answer<T>, result: Result<T, Trouble>) {
        self.known = false;
        let result = result.map_err(|trouble| match trouble {
            Trouble::Failed(error) => error,
            Trouble::Store(source) => {
                // Who has the outbox is to be found out again.
                self.lease = None;
                store_failed::<P>(source)
            }
        });
        // Nobody may wait for the answer any more.
        let _ = answer.send(result);
    }

    /// The lease, also where it had none yet.
    async fn lease_now(&mut self) -> Result<Option<Arc<S::Lease>>, Trouble> {
        if self.lease.is_none() {
            self.known = false;
            self.lease = self.store.lease(P::RELAY).await?.map(Arc::new);
        }
        Ok(self.lease.clone())
    }

    /// The lease, once what became of messages is noted.
    async fn settled_lease(&mut self) -> Result<Arc<S::Lease>, Trouble> {
        let lease = self.lease_now().await?.ok_or(Trouble::Failed(RelayError::Held { publication: P::NAME }))?;
        self.settle().await?;
        Ok(lease)
    }

    async fn replay(&mut self) -> Result<u64, Trouble> {
        let lease = self.settled_lease().await?;
        let sender = Arc::clone(&lease);
        let work: Work<S::Tx, Result<u64, ReadStoreError>> = Box::new(move |tx| {
            Box::pin(async move {
                match S::unpark_messages(&sender, tx, P::NAME, None).await {
                    Ok(count) => Ended::Commit(Ok(count)),
                    Err(error) => Ended::RollBack(Err(error)),
                }
            })
        });
        let count = self.store.transact(work).await??;
        // Who waits from now on waits for these.
        self.counted = None;
        self.look(lease).await?;
        Ok(count)
    }

    async fn discard(&mut self, id: String) -> Result<bool, Trouble> {
        let lease = self.settled_lease().await?;
        let work: Work<S::Tx, Result<bool, ReadStoreError>> = Box::new(move |tx| {
            Box::pin(async move {
                match discard::<S>(&lease, tx, P::NAME, &id).await {
                    Ok(found) => Ended::Commit(Ok(found)),
                    Err(error) => Ended::RollBack(Err(error)),
                }
            })
        });
        Ok(self.store.transact(work).await??)
    }
}

/// How often a store is tried where the work is to end.
const STORE_TRIES: u32 = 5;

/// Deletes a parked message, and makes the others of its stream ready.
async fn discard<S: OutboxStore>(
    lease: &S::Lease,
    tx: &mut S::Tx,
    outbox: &str,
    id: &str,
) -> Result<bool, ReadStoreError> {
    let Some(stream) = S::discard(lease, tx, outbox, id).await? else { return Ok(false) };
    S::unpark_messages(lease, tx, outbox, Some(&stream)).await?;
    Ok(true)
}

/// A position with no event between it and this one.
fn before(position: Position) -> Position {
    match (position.epoch, position.number.checked_sub(1)) {
        (epoch, Some(number)) => Position { epoch, number },
        (0, None) => Position::START,
        (epoch, None) => Position { epoch: epoch - 1, number: u64::MAX },
    }
}
