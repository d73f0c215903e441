//! What a relay does as it is told.

use std::sync::Arc;

use super::handle::{Answer, Command, store_failed};
use super::run::Next;
use super::send::{Away, Trouble};
use super::sender::Sender;
use super::{RelayError, RelayState};
use crate::projection::{ReadStoreError, Work, done};
use crate::publishing::{OutboxSize, OutboxStore, Publish, Publisher};

impl<P: Publish, S: OutboxStore, B: Publisher> Sender<P, S, B> {
    async fn command(&mut self) -> Option<Command> {
        match self.pending.pop_front() {
            Some(command) => Some(command),
            None => self.commands.recv().await,
        }
    }

    pub(super) async fn wait_after_failure(&mut self) -> Next {
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
    pub(super) async fn obey(&mut self) -> Next {
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
                self.lose_lease(&source);
                store_failed::<P>(source)
            }
        });
        // Nobody may wait for the answer any more.
        let _ = answer.send(result);
    }

    /// The lease, also where it had none yet.
    pub(super) async fn lease_now(&mut self) -> Result<Option<Arc<S::Lease>>, Trouble> {
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
        // In this order: what was filled in by then is counted.
        let filled = self.feed.status().position;
        let work: Work<S::Tx, Result<(u64, OutboxSize), ReadStoreError>> =
            Box::new(move |tx| Box::pin(async move { replay::<S>(&lease, tx, P::NAME).await.into() }));
        let (count, size) = self.store.transact(work).await??;
        // Who waits from now on waits for these.
        self.note(filled, Some(size));
        Ok(count)
    }

    async fn discard(&mut self, id: String) -> Result<bool, Trouble> {
        let lease = self.settled_lease().await?;
        let work: Work<S::Tx, Result<bool, ReadStoreError>> =
            Box::new(move |tx| Box::pin(async move { discard::<S>(&lease, tx, P::NAME, &id).await.into() }));
        Ok(self.store.transact(work).await??)
    }
}

/// Makes all that is parked ready; gives how many these are, and what is in the outbox then. Counted in the same transaction: it
/// either did both, or nothing.
async fn replay<S: OutboxStore>(
    lease: &S::Lease,
    tx: &mut S::Tx,
    outbox: &str,
) -> Result<(u64, OutboxSize), ReadStoreError> {
    let count = S::unpark_messages(lease, tx, outbox, None).await?;
    Ok((count, S::size(tx, outbox).await?))
}

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
