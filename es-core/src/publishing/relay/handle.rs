//! `RelayHandle`: what a program asks of a relay that runs.

use std::fmt;

use tokio::sync::{mpsc, oneshot, watch};

use super::{RelayChanges, RelayError, RelayState, RelayStatus};
use crate::event::Position;
use crate::projection::futures::race;
use crate::projection::{Ended, ProjectorError, ProjectorHandle, ReadStoreError, Work};
use crate::publishing::{Feed, MessageKey, OutboxStore, ParkedMessage, Publish};

/// What a relay is asked to do.
pub(super) enum Command {
    Pause(oneshot::Sender<()>),
    Resume(oneshot::Sender<()>),
    ReplayParked(Answer<u64>),
    Discard(String, Answer<bool>),
    Stop,
}

pub(super) type Answer<T> = oneshot::Sender<Result<T, RelayError>>;

/// A relay that runs, or is about to. Clones are handles on the same one.
///
/// The relay goes on when its handles are dropped; [`stop`](Self::stop) ends it.
pub struct RelayHandle<P: Publish, S: OutboxStore> {
    pub(super) store: S,
    pub(super) feed: ProjectorHandle<Feed<P, S>>,
    pub(super) status: watch::Sender<RelayStatus>,
    pub(super) commands: mpsc::UnboundedSender<Command>,
}

impl<P: Publish, S: OutboxStore> Clone for RelayHandle<P, S> {
    fn clone(&self) -> Self {
        let (store, feed) = (self.store.clone(), self.feed.clone());
        Self { store, feed, status: self.status.clone(), commands: self.commands.clone() }
    }
}

impl<P: Publish, S: OutboxStore> fmt::Debug for RelayHandle<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayHandle").field("status", &*self.status.borrow()).finish_non_exhaustive()
    }
}

impl<P: Publish, S: OutboxStore> RelayHandle<P, S> {
    /// How far the relay is, and what it is doing.
    pub fn status(&self) -> RelayStatus {
        let status = self.status.borrow().clone();
        status.with(self.feed.status())
    }

    /// Gives each change of the status from now on.
    pub fn changes(&self) -> RelayChanges {
        RelayChanges { status: self.status.subscribe() }
    }

    /// Waits until all that is to be told of the events up to `position`, that of an outcome, was sent.
    ///
    /// A relay that is paused, or waits for another one to end, is waited for.
    ///
    /// # Errors
    ///
    /// The error that the relay failed with; [`RelayError::Parked`] where a message before it is parked; or
    /// [`RelayError::Stopped`].
    pub async fn wait_for(&self, position: Position) -> Result<(), RelayError> {
        let mut changed = self.status.subscribe();
        let mut feed = self.feed.changes();
        loop {
            let status = self.status();
            if status.position >= position {
                return match status.first_parked {
                    Some(parked) if parked <= position => {
                        Err(RelayError::Parked { publication: P::NAME, position: parked })
                    }
                    _ => Ok(()),
                };
            }
            match status.state {
                RelayState::Failed => return Err(status.last_error.unwrap_or_else(stopped::<P>)),
                RelayState::Stopped => return Err(stopped::<P>()),
                _ => {}
            }
            // Whichever has changed, it is looked at both.
            race(changed.changed(), feed.next()).await;
        }
    }

    /// Pauses the relay; the message in hand is sent before this returns. It keeps the outbox, so that no other relay
    /// sends from it meanwhile.
    ///
    /// # Errors
    ///
    /// [`RelayError::Stopped`] when the relay has ended.
    pub async fn pause(&self) -> Result<(), RelayError> {
        self.ask(Command::Pause).await?;
        self.feed.pause().await.map_err(|_| stopped::<P>())
    }

    /// Has a relay that was paused, or that failed, go on.
    ///
    /// # Errors
    ///
    /// [`RelayError::Stopped`] when the relay has ended.
    pub async fn resume(&self) -> Result<(), RelayError> {
        self.feed.resume().await.map_err(|_| stopped::<P>())?;
        self.ask(Command::Resume).await
    }

    /// Stops the relay: the message in hand is sent, and the outbox is free for another relay, before this returns. What
    /// was not sent stays in the outbox.
    ///
    /// It has ended after this, whatever the answer is: `Ok` says that it had not failed, and the error why it had.
    ///
    /// ```
    /// # use es_core::prelude::*;
    /// # async fn end<P: Publish, S: es_core::OutboxStore>(news: RelayHandle<P, S>) {
    /// if let Err(error) = news.stop().await {
    ///     eprintln!("the news had stopped short: {error}");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error that the relay had failed with, so that it waited to be [resumed](Self::resume). What it was about to send again
    /// is no error: it stays in the outbox, for the next relay.
    pub async fn stop(&self) -> Result<(), RelayError> {
        let before = self.status();
        let mut status = self.status.subscribe();
        let sent = self.commands.send(Command::Stop);
        // What it had failed with is in the status; what it was about to try again is not a failure.
        let _ = self.stop_feed().await;
        if sent.is_ok() {
            // The answer is that it has ended, however it did.
            let _ = status.wait_for(|status| status.state == RelayState::Stopped).await;
        }
        match before.last_error {
            Some(error) if before.state == RelayState::Failed => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) async fn stop_feed(&self) -> Result<(), ProjectorError> {
        self.feed.stop().await
    }

    /// Makes all messages that are parked ready to be sent, in their order; gives how many.
    ///
    /// # Errors
    ///
    /// The error of the store; [`RelayError::Held`] where another relay has the outbox; or [`RelayError::Stopped`].
    pub async fn replay_parked(&self) -> Result<u64, RelayError> {
        self.ask_for(Command::ReplayParked).await
    }

    /// Deletes a message that is parked, so that it is never sent, and makes those behind it ready; gives whether it was there.
    ///
    /// # Errors
    ///
    /// As [`replay_parked`](Self::replay_parked).
    pub async fn discard(&self, id: &str) -> Result<bool, RelayError> {
        self.ask_for(|answer| Command::Discard(id.to_owned(), answer)).await
    }

    /// The messages that are parked, from the first or after one of them, at most `limit`.
    ///
    /// # Errors
    ///
    /// The error of the store.
    pub async fn parked(&self, after: Option<MessageKey>, limit: usize) -> Result<Vec<ParkedMessage>, RelayError> {
        let work: Work<S::Tx, _> = Box::new(move |tx| {
            Box::pin(async move { Ended::RollBack(S::parked_messages(tx, P::NAME, after, limit).await) })
        });
        let read = self.store.transact(work).await;
        read.and_then(std::convert::identity).map_err(store_failed::<P>)
    }

    /// Puts what is to be told of all events of the journal into the outbox once more, for a receiver that has lost it;
    /// returns when it is there. What was still to be sent, or parked, is taken out before: what the publication makes no
    /// more is not sent. The messages have the ids that they had before; those that were parked are tried again.
    ///
    /// One that is being sent meanwhile comes again.
    ///
    /// # Errors
    ///
    /// The error that the relay fails with on its way; [`RelayError::Held`] where another relay sends from the outbox, and what
    /// that one has in hand may not come again; or [`RelayError::Stopped`].
    pub async fn republish(&self) -> Result<(), RelayError> {
        self.feed.rebuild().await.map_err(feed_failed::<P>)?;
        // What was parked is in the outbox anew, and so is what was put aside behind it since.
        self.replay_parked().await.map(drop)
    }

    async fn ask(&self, command: impl FnOnce(oneshot::Sender<()>) -> Command) -> Result<(), RelayError> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).map_err(|_| stopped::<P>())?;
        answered.await.map_err(|_| stopped::<P>())
    }

    async fn ask_for<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, RelayError> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).map_err(|_| stopped::<P>())?;
        answered.await.map_err(|_| stopped::<P>())?
    }
}

pub(super) const fn stopped<P: Publish>() -> RelayError {
    RelayError::Stopped { publication: P::NAME }
}

pub(super) fn store_failed<P: Publish>(source: ReadStoreError) -> RelayError {
    RelayError::Store { publication: P::NAME, source: source.into() }
}

pub(super) fn feed_failed<P: Publish>(source: ProjectorError) -> RelayError {
    match source {
        ProjectorError::Held { .. } => RelayError::Held { publication: P::NAME },
        ProjectorError::Stopped { .. } => stopped::<P>(),
        source => RelayError::Feed { publication: P::NAME, source: source.into() },
    }
}
