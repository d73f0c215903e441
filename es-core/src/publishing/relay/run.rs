//! The course of a relay: what it does next, and what it does about a store that fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::handle::{Command, stopped, store_failed};
use super::send::{Away, Trouble};
use super::sender::Sender;
use super::{RelayError, RelayState};
use crate::event::Position;
use crate::projection::futures::{First, race};
use crate::projection::{Ended, ProjectorState, ReadStoreError, STORE_WAIT, Work, may_pass};
use crate::publishing::{OutboxMessage, OutboxStore, Publish, Publisher};

/// How often it is looked whether another relay has ended.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is looked for messages that another program has put there.
const POLL: Duration = Duration::from_secs(1);
/// How many parked messages are read at once.
const PARKED: usize = 256;
/// How often messages are deleted that were kept, and how many at once.
const FORGET: Duration = Duration::from_secs(10);
const FORGOTTEN: usize = 1_000;

/// How often a store is tried where the work is to end.
const STORE_TRIES: u32 = 5;

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
            self.lease_now().await?;
        }
        if self.lease.is_none() {
            if is_turn {
                self.drop_in_hand();
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

    pub(super) async fn find_parked(&mut self) -> Result<(), Trouble> {
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

    /// Who has the outbox, and what is parked in it, is to be found out again.
    pub(super) fn lose_lease(&mut self, error: &ReadStoreError) {
        self.lease = None;
        if matches!(error, ReadStoreError::TakenOver { .. }) {
            // Whoever has the outbox may have made it anew, or sends it.
            self.drop_in_hand();
        }
    }

    /// Drops what became of messages: it is noted now, or there are others.
    pub(super) fn drop_in_hand(&mut self) {
        self.sent = Arc::default();
        self.parks.clear();
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
        let work: Work<S::Tx, _> =
            Box::new(move |tx| Box::pin(async move { S::forget(&lease, tx, P::NAME, before, FORGOTTEN).await.into() }));
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
                self.lose_lease(&source);
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
}
