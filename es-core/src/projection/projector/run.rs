//! The course of a projector: what it does next, and what it does about failures.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::handle::{Command, stopped};
use super::step::Session;
use super::{Projector, ProjectorError, ProjectorState};
use crate::event::Position;
use crate::journal::{Journal, JournalError};
use crate::projection::futures::{First, race};
use crate::projection::{Projection, ReadStoreError};
use crate::repository::Retry;

/// How often an event is tried, unless the user says otherwise.
pub(super) const RETRY: Retry =
    Retry { attempts: 5, wait: Duration::from_millis(50), longest_wait: Duration::from_secs(2) };
/// The wait before a store that failed is tried again: the longest.
pub(crate) const STORE_WAIT: Retry =
    Retry { attempts: u32::MAX, wait: Duration::from_millis(50), longest_wait: Duration::from_secs(2) };

/// When the work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// Never: new events are followed.
    Follow,
    /// At the head that the journal has at the beginning.
    Head(Option<Position>),
    /// When there is nothing left to do.
    Idle,
}

/// Why a step was not done.
pub(super) enum Trouble {
    /// The journal failed.
    Journal(JournalError),
    /// The read store failed.
    Store(ReadStoreError),
    /// It cannot go on like that.
    Failed(ProjectorError),
}

impl From<JournalError> for Trouble {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<ReadStoreError> for Trouble {
    fn from(error: ReadStoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ProjectorError> for Trouble {
    fn from(error: ProjectorError) -> Self {
        Self::Failed(error)
    }
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    /// What was to be reached is reached, or it was told to stop.
    End,
}

impl<J: Journal + Clone, P: Projection> Projector<J, P> {
    /// Runs until it is [stopped](super::ProjectorHandle::stop).
    ///
    /// # Errors
    ///
    /// The error that it failed with.
    pub async fn run(mut self) -> Result<(), ProjectorError> {
        Box::pin(self.work(&mut Goal::Follow)).await
    }

    /// Brings the read model up to the head that the journal has now, and ends: for views that are made on a schedule.
    /// Gives the position that the read model shows. It may be called again.
    ///
    /// Events that are committed and [held back](crate::Journal::held_back) by somebody's transaction, for longer than
    /// the store waits for it, are after the head: they are left to the next run. Who has appended an event
    /// sees by the position whether the read model shows it.
    ///
    /// # Errors
    ///
    /// The error that it failed with; [`ProjectorError::Held`] where another projector does the work; and
    /// [`ProjectorError::Stopped`] when it was stopped before.
    pub async fn run_to_head(&mut self) -> Result<Position, ProjectorError> {
        let mut goal = Goal::Head(None);
        // It is large, and would make the futures of its callers so.
        let result = Box::pin(self.work(&mut goal)).await;
        self.lease = None;
        let position = self.core.status.borrow().position;
        self.state(ProjectorState::Stopped);
        result?;
        match goal {
            Goal::Head(Some(head)) if position >= head => Ok(position),
            _ => Err(stopped::<P>()),
        }
    }

    /// Reacts to all there is, and to what comes of that; returns when nothing is left.
    pub(crate) async fn run_until_idle(&mut self) -> Result<(), ProjectorError> {
        let mut goal = Goal::Idle;
        // It is large, and would make the futures of its callers so.
        let result = Box::pin(self.work(&mut goal)).await;
        self.lease = None;
        self.state(ProjectorState::Stopped);
        result
    }

    /// Forgets that it was told to stop, where what it works with has stopped for it.
    pub(crate) fn forget_stop(&mut self) {
        while let Ok(command) = self.commands.try_recv() {
            self.pending.push_back(command);
        }
        self.pending.retain(|command| !matches!(command, Command::Stop));
    }

    /// Runs, and waits after a failure to be told to go on.
    pub(crate) async fn keep_running(mut self) {
        while let Err(error) = self.work(&mut Goal::Follow).await {
            log::error!("a projector has failed: {error}");
            if self.wait_after_failure().await == Next::End {
                break;
            }
        }
    }

    /// Works until the goal is reached, it is stopped, or it fails.
    async fn work(&mut self, goal: &mut Goal) -> Result<(), ProjectorError> {
        self.leave_old_part();
        let mut session = None;
        let mut failures = 0;
        loop {
            let next = match self.obey(&mut session).await {
                Next::End => Ok(Next::End),
                Next::GoOn => self.step(&mut session, goal).await,
            };
            match next {
                Ok(Next::GoOn) => failures = 0,
                Ok(Next::End) => {
                    if let Some(session) = &mut session {
                        // What is not saved is only looked at again by the next projector.
                        let _ = self.save_position(session).await;
                    }
                    return Ok(());
                }
                Err(trouble) => {
                    failures += 1;
                    // Whether a transaction was committed may be unknown: the read store has the answer.
                    session = None;
                    self.after_trouble(trouble, failures, *goal).await?;
                }
            }
            // A store in memory never waits for anything: the other futures of the thread have their turn here.
            tokio::task::yield_now().await;
        }
    }

    async fn step(&mut self, session: &mut Option<Session>, goal: &mut Goal) -> Result<Next, Trouble> {
        let Some(current) = session else {
            *session = self.begin(goal).await?;
            return Ok(Next::GoOn);
        };
        if self.replay.is_asked_for() && current.position() >= self.emptied_at {
            // Afterwards it is looked up anew which streams have parked events.
            self.replay_parked(current).await?;
            *session = None;
            return Ok(Next::GoOn);
        }
        self.advance(session, *goal).await
    }

    /// Waits before it is tried again, where that may help.
    async fn after_trouble(&mut self, trouble: Trouble, failures: u32, goal: Goal) -> Result<(), ProjectorError> {
        let (error, may_pass) = match trouble {
            Trouble::Failed(error) => (error, false),
            Trouble::Store(ReadStoreError::TakenOver { .. }) => return self.after_taking_over(goal),
            Trouble::Journal(source) => {
                let may_pass = may_pass(&source);
                (ProjectorError::Journal { projection: P::NAME, source: Arc::new(source) }, may_pass)
            }
            Trouble::Store(source) => {
                let may_pass = matches!(&source, ReadStoreError::Store(error) if may_pass(error));
                (ProjectorError::Store { projection: P::NAME, source: Arc::new(source) }, may_pass)
            }
        };
        let gives_up = goal != Goal::Follow && failures >= self.retry.attempts;
        if !may_pass || gives_up {
            self.failed(&error);
            return Err(error);
        }
        log::warn!("a projector tries again: {error}");
        self.retrying(error);
        self.rest(STORE_WAIT.wait_after(failures.max(2)).unwrap_or_default()).await;
        Ok(())
    }

    /// Waits for the projection, as one does that has never had it: whoever has taken it over does the work.
    fn after_taking_over(&mut self, goal: Goal) -> Result<(), ProjectorError> {
        self.lease = None;
        log::warn!("the projector of `{}` was cut off, and another one has taken over", P::NAME);
        if goal != Goal::Follow {
            let error = ProjectorError::Held { projection: P::NAME };
            self.failed(&error);
            return Err(error);
        }
        self.state(ProjectorState::Waiting);
        Ok(())
    }

    /// Notes that it has failed, and tells those that wait for something it was about to do.
    fn failed(&mut self, error: &ProjectorError) {
        self.lease = None;
        self.paused = false;
        // Nobody may wait for the answers any more.
        for answer in self.rebuilds.drain(..) {
            let _ = answer.send(Err(error.clone()));
        }
        std::mem::take(&mut self.replay).end(Err(error));
        self.core.status.send_modify(|status| {
            status.state = ProjectorState::Failed;
            status.last_error = Some(error.clone());
        });
    }

    pub(super) fn retrying(&self, error: ProjectorError) {
        self.core.status.send_modify(|status| {
            status.state = ProjectorState::Retrying;
            status.last_error = Some(error);
        });
    }

    /// Waits for a while, or for a command.
    pub(super) async fn rest(&mut self, time: Duration) {
        if let First::Left(Some(command)) = race(self.commands.recv(), tokio::time::sleep(time)).await {
            self.pending.push_back(command);
        }
    }

    /// Waits for a command. Meanwhile the status shows how far the journal goes on without it.
    async fn command(&mut self) -> Option<Command> {
        if let Some(command) = self.pending.pop_front() {
            return Some(command);
        }
        loop {
            let known = self.core.status.borrow().head;
            match race(self.commands.recv(), self.journal.wait(known)).await {
                First::Left(command) => return command,
                First::Right(Ok(head)) if head > known => {
                    self.core.status.send_modify(|status| status.head = status.head.max(head));
                }
                // A journal that fails is for the next step to deal with.
                First::Right(_) => return self.commands.recv().await,
            }
        }
    }

    async fn wait_after_failure(&mut self) -> Next {
        loop {
            match self.command().await {
                None | Some(Command::Stop) => return Next::End,
                // It does nothing as it is.
                Some(Command::Pause(answer)) => done(answer),
                Some(Command::Resume(answer)) => {
                    self.starting();
                    done(answer);
                    return Next::GoOn;
                }
                Some(Command::Rebuild(answer)) => {
                    self.starting();
                    self.rebuilds.push(answer);
                    return Next::GoOn;
                }
                Some(Command::ReplayParked(answer)) => {
                    self.starting();
                    self.replay.ask(answer);
                    return Next::GoOn;
                }
            }
        }
    }

    fn starting(&self) {
        self.core.status.send_modify(|status| {
            status.state = ProjectorState::Starting;
            status.last_error = None;
        });
    }

    /// Does what it was told meanwhile, and waits while it is paused.
    async fn obey(&mut self, session: &mut Option<Session>) -> Next {
        loop {
            // Parked events are projected also by one that is paused.
            let command = if self.paused && !self.replay.is_asked_for() {
                self.state(ProjectorState::Paused);
                self.command().await.unwrap_or(Command::Stop)
            } else {
                match self.pending.pop_front().or_else(|| self.commands.try_recv().ok()) {
                    Some(command) => command,
                    None => return Next::GoOn,
                }
            };
            match command {
                Command::Stop => {
                    self.paused = false;
                    return Next::End;
                }
                Command::Pause(answer) => {
                    self.paused = true;
                    self.state(ProjectorState::Paused);
                    done(answer);
                }
                Command::Resume(answer) => {
                    self.end_pause();
                    done(answer);
                }
                Command::Rebuild(answer) => {
                    self.end_pause();
                    self.rebuilds.push(answer);
                    *session = None;
                }
                Command::ReplayParked(answer) => self.replay.ask(answer),
            }
        }
    }

    fn end_pause(&mut self) {
        if std::mem::take(&mut self.paused) {
            self.state(ProjectorState::CatchingUp);
        }
    }

    pub(super) fn state(&self, state: ProjectorState) {
        self.core.status.send_if_modified(|status| {
            let changed = status.state != state;
            status.state = state;
            changed
        });
    }
}

/// Says that it is done.
pub(crate) fn done(answer: oneshot::Sender<()>) {
    // Nobody may wait for the answer any more.
    let _ = answer.send(());
}

/// Whether trying again can help.
pub(crate) fn may_pass(error: &JournalError) -> bool {
    !matches!(error, JournalError::Closed { .. } | JournalError::Corrupt { .. } | JournalError::ReadOnly { .. })
}
