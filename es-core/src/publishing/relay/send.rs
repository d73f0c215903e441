//! Sending messages, and what becomes of those that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::handle::Command;
use super::lane::{self, AWAY, Tried, within};
use super::run::{Goal, Sender};
use super::{RelayError, RelayState};
use crate::event::Timestamp;
use crate::projection::futures::{First, race};
use crate::projection::{OnFailure, ReadStoreError};
use crate::publishing::{
    MessageKey, OutboxMessage, OutboxStore, ParkedMessage, Publish, PublishError, PublishErrorKind, Publisher,
};
use crate::repository::Retry;

/// The wait before a receiver that was not there is tried again with a message: the longest.
const UNAVAILABLE: Retry =
    Retry { attempts: u32::MAX, wait: Duration::from_millis(50), longest_wait: Duration::from_secs(30) };
/// The same with any message.
const ANY: Retry = Retry { attempts: u32::MAX, wait: Duration::from_millis(50), longest_wait: Duration::from_secs(5) };

/// Why a step was not done.
pub(super) enum Trouble {
    /// The store failed.
    Store(ReadStoreError),
    /// It cannot go on like that.
    Failed(RelayError),
}

impl From<ReadStoreError> for Trouble {
    fn from(error: ReadStoreError) -> Self {
        Self::Store(error)
    }
}

/// A message that is tried again later, and all of its stream behind it.
pub(super) struct Waiting {
    key: MessageKey,
    /// How often it has failed.
    attempts: u32,
    /// How often the receiver was not there for it.
    absences: u32,
    pub(super) until: Instant,
}

/// Whether the receiver is there at all.
#[derive(Default)]
pub(super) struct Away {
    /// How many messages in a row it was not there for, or failed with.
    messages: u32,
    /// How often in a row it was waited for.
    rests: u32,
}

/// How often a receiver that is away is waited for where the work is to end.
const AWAY_TRIES: u32 = 5;

/// The entry for a message that is put aside.
pub(super) fn parked(message: OutboxMessage, attempts: u32, error: Option<String>, now: Timestamp) -> ParkedMessage {
    let key = message.key();
    let OutboxMessage { stream, id, event_type, .. } = message;
    ParkedMessage { key, stream, id, event_type, attempts, error, parked_at: now }
}

impl<P: Publish, S: OutboxStore, B: Publisher> Sender<P, S, B> {
    /// Sends messages, as far as it gets.
    pub(super) async fn send(&mut self, mut messages: Vec<OutboxMessage>, goal: Goal) -> Result<(), Trouble> {
        if self.away.messages >= AWAY {
            // One shows whether the receiver is back.
            messages.truncate(1);
        }
        let mut tried = self.try_all(messages).await;
        if tried.iter().any(|(_, result)| result.is_ok())
            && let Err(error) = within(self.timeout, self.publisher.flush()).await
        {
            not_flushed(&mut tried, &error);
        }
        let mut failed = None;
        let mut longest = Duration::ZERO;
        for (message, result) in tried {
            match result {
                Ok(()) => self.was_sent(&message),
                Err(error) => {
                    longest = longest.max(error.wait().unwrap_or_default());
                    if let Err(error) = self.was_not_sent(message, error) {
                        failed = failed.or(Some(error));
                    }
                }
            }
        }
        if let Some(error) = failed {
            self.settle().await?;
            return Err(Trouble::Failed(error));
        }
        if self.away.messages >= AWAY {
            let last = self.status.borrow().last_error.clone();
            self.settle().await?;
            if goal == Goal::Empty
                && self.away.rests >= AWAY_TRIES
                && let Some(error) = last
            {
                return Err(Trouble::Failed(error));
            }
            self.away.rests = self.away.rests.saturating_add(1);
            let wait = ANY.wait_after(self.away.messages).unwrap_or_default();
            self.rest(wait.max(longest), false).await;
        }
        Ok(())
    }

    /// Tries each message, until it is told to stop.
    async fn try_all(&mut self, messages: Vec<OutboxMessage>) -> Vec<Tried> {
        let halt = Arc::new(AtomicBool::new(false));
        let mut lanes = JoinSet::new();
        for messages in lane::split(messages, self.lanes) {
            lanes.spawn(lane::run(Arc::clone(&self.publisher), messages, Arc::clone(&halt), self.timeout));
        }
        let mut tried = Vec::new();
        loop {
            match race(lanes.join_next(), self.commands.recv()).await {
                First::Left(None) => return tried,
                // A lane has no panic of its own; what is not known to be sent is sent again.
                First::Left(Some(lane)) => tried.extend(lane.into_iter().flatten()),
                First::Right(command) => {
                    if matches!(command, Some(Command::Stop | Command::Pause(_))) {
                        halt.store(true, Ordering::Relaxed);
                    }
                    self.pending.extend(command);
                }
            }
        }
    }

    fn was_sent(&mut self, message: &OutboxMessage) {
        if self.away.messages >= AWAY {
            // It is back: those that only waited for that are tried at once.
            let now = Instant::now();
            for waiting in self.waiting.values_mut().filter(|waiting| waiting.absences > 0) {
                waiting.until = now;
            }
        }
        self.away = Away::default();
        if !self.waiting.is_empty() {
            self.waiting.remove(&message.stream);
        }
        self.sent.push(message.key());
        self.status.send_if_modified(|status| {
            status.sent += 1;
            // The turn that notes it says so.
            false
        });
    }

    /// Decides what becomes of a message; an error where that is the end.
    fn was_not_sent(&mut self, message: OutboxMessage, error: PublishError) -> Result<(), RelayError> {
        let key = message.key();
        let new = || Waiting { key, attempts: 0, absences: 0, until: Instant::now() };
        let waiting = self.waiting.entry(message.stream.clone()).or_insert_with(new);
        if waiting.key != key {
            *waiting = new();
        }
        let wait = match error.kind() {
            PublishErrorKind::Unavailable => {
                self.away.messages = self.away.messages.saturating_add(1);
                waiting.absences = waiting.absences.saturating_add(1);
                UNAVAILABLE.wait_after(waiting.absences)
            }
            PublishErrorKind::Failed => {
                // The first failure of a message says something of the receiver, the others of the message.
                let is_first = waiting.attempts == 0 && waiting.absences == 0;
                if is_first || self.away.messages >= AWAY {
                    self.away.messages = self.away.messages.saturating_add(1);
                }
                // One that fails whatever it is sent has a fault of its own: no message is to be parked for that.
                if self.away.messages >= AWAY {
                    waiting.absences = waiting.absences.saturating_add(1);
                    UNAVAILABLE.wait_after(waiting.absences)
                } else {
                    waiting.attempts = waiting.attempts.saturating_add(1);
                    self.retry.wait_after(waiting.attempts)
                }
            }
            PublishErrorKind::Refused => {
                self.away = Away::default();
                waiting.attempts = waiting.attempts.saturating_add(1);
                None
            }
        };
        let attempts = waiting.attempts.saturating_add(waiting.absences);
        let (after, text) = (error.wait().unwrap_or_default(), error.to_string());
        let error = RelayError::Message {
            publication: P::NAME,
            id: message.id.clone(),
            event_type: message.event_type.clone(),
            stream: message.stream.clone(),
            attempts,
            source: error.into_source().into(),
        };
        match wait {
            Some(wait) => {
                waiting.until = Instant::now() + wait.max(after);
                tracing::warn!(publication = P::NAME, %error, "a message is tried again");
                let retrying = self.waiting.len();
                self.status.send_modify(|status| {
                    status.state = RelayState::Retrying;
                    status.retrying_streams = retrying;
                    status.last_error = Some(error);
                });
            }
            None if self.on_failure == OnFailure::Stop => return Err(error),
            None => {
                tracing::error!(publication = P::NAME, %error, "a message was parked");
                self.waiting.remove(&message.stream);
                self.parked.insert(message.stream.clone());
                self.parks.push(parked(message, attempts, Some(text), self.clock.now()));
            }
        }
        Ok(())
    }
}

/// Makes the first message of each stream one that failed, and leaves out those behind it: it is not known which are there.
fn not_flushed(tried: &mut Vec<Tried>, error: &PublishError) {
    let mut streams = std::collections::HashSet::new();
    tried.retain_mut(|(message, result)| {
        let is_first = streams.insert(message.stream.clone());
        if is_first && result.is_ok() {
            *result = Err(error.again());
        }
        is_first
    });
}
