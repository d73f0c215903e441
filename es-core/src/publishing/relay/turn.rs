//! `Turn`: what is done with the outbox in one transaction: note what became of messages, take the next ones.

use std::sync::Arc;

use crate::event::{StreamId, Timestamp};
use crate::projection::{Ended, ReadStoreError, Work};
use crate::publishing::feed::Made;
use crate::publishing::{OutboxMessage, OutboxSize, OutboxStore, ParkedMessage};

/// What is done with the outbox in one transaction.
pub(super) struct Turn<S: OutboxStore> {
    pub(super) outbox: &'static str,
    pub(super) lease: Arc<S::Lease>,
    /// What was sent, and whether it is kept.
    pub(super) sent: Arc<Vec<OutboxMessage>>,
    pub(super) keep: Option<Timestamp>,
    /// What is put aside.
    pub(super) parks: Vec<ParkedMessage>,
    /// How often the messages had been made anew when these were read: otherwise others are there by now.
    pub(super) made: Made,
    pub(super) of: u64,
    /// What is to be read; 0 messages for nothing.
    pub(super) except: Vec<StreamId>,
    pub(super) limit: usize,
    /// Whether it is counted how many there are.
    pub(super) count: bool,
}

/// What is in the outbox.
#[derive(Default)]
pub(super) struct Found {
    pub(super) messages: Vec<OutboxMessage>,
    pub(super) size: Option<OutboxSize>,
}

impl<S: OutboxStore> Turn<S> {
    /// Nothing is done, and nothing found, where the messages are made anew meanwhile.
    pub(super) fn into_work(self) -> Work<S::Tx, Result<Option<Found>, ReadStoreError>> {
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
