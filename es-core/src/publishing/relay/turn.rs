//! `Turn`: what is done with the outbox in one transaction: note what became of messages, take the next ones.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::RelayState;
use super::send::Trouble;
use super::sender::Sender;
use crate::event::{Position, StreamId, Timestamp};
use crate::projection::{Ended, ReadStoreError, Work};
use crate::publishing::feed::Made;
use crate::publishing::{OutboxMessage, OutboxSize, OutboxStore, ParkedMessage, Publish, Publisher};

/// How often messages are counted where they are many, and how many these are.
const COUNT: Duration = Duration::from_millis(500);
const MANY: u64 = 5_000;

/// What is done with the outbox in one transaction.
struct Turn<S: OutboxStore> {
    outbox: &'static str,
    lease: Arc<S::Lease>,
    /// What was sent, and whether it is kept.
    sent: Arc<Vec<OutboxMessage>>,
    keep: Option<Timestamp>,
    /// What is put aside.
    parks: Vec<ParkedMessage>,
    /// How often the messages had been made anew when these were read: otherwise others are there by now.
    made: Made,
    of: u64,
    /// What is to be read; 0 messages for nothing.
    except: Vec<StreamId>,
    limit: usize,
    /// Whether it is counted how many there are.
    count: bool,
}

/// What is in the outbox.
#[derive(Default)]
pub(super) struct Found {
    pub(super) messages: Vec<OutboxMessage>,
    pub(super) size: Option<OutboxSize>,
}

impl<S: OutboxStore> Turn<S> {
    /// Nothing is done, and nothing found, where the messages are made anew meanwhile.
    fn into_work(self) -> Work<S::Tx, Result<Option<Found>, ReadStoreError>> {
        Box::new(move |tx| {
            Box::pin(async move {
                let changes = !self.sent.is_empty() || !self.parks.is_empty();
                match self.run(tx).await {
                    Ok(found @ Some(_)) if changes => Ended::Commit(Ok(found)),
                    other => Ended::RollBack(other),
                }
            })
        })
    }

    async fn run(self, tx: &mut S::Tx) -> Result<Option<Found>, ReadStoreError> {
        if !self.sent.is_empty() {
            S::sent(&self.lease, tx, self.outbox, &self.sent, self.keep).await?;
        }
        for message in &self.parks {
            S::park_message(&self.lease, tx, self.outbox, message).await?;
        }
        // Only now is it sure that nothing was noted of those that are made anew.
        if self.made.times() != self.of {
            return Ok(None);
        }
        let mut found = Found::default();
        if self.limit > 0 {
            found.messages = S::ready(tx, self.outbox, &self.except, self.limit).await?;
        }
        if self.count {
            found.size = Some(S::size(tx, self.outbox).await?);
        }
        Ok(Some(found))
    }
}

impl<P: Publish, S: OutboxStore, B: Publisher> Sender<P, S, B> {
    /// Notes what became of messages, and takes the next ones.
    pub(super) async fn turn(&mut self, lease: Arc<S::Lease>, limit: usize) -> Result<Found, Trouble> {
        loop {
            let made = self.made.times();
            if self.of != made {
                // Others are there now: each is to be sent, as if for the first time.
                self.drop_in_hand();
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
        self.drop_in_hand();
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
    pub(super) fn note(&mut self, filled: Position, size: Option<OutboxSize>) {
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
}

/// A position with no event between it and this one.
fn before(position: Position) -> Position {
    match (position.epoch, position.number.checked_sub(1)) {
        (epoch, Some(number)) => Position { epoch, number },
        (0, None) => Position::START,
        (epoch, None) => Position { epoch: epoch - 1, number: u64::MAX },
    }
}
