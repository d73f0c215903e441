//! Sending messages, and what becomes of those that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::handle::Command;
use super::lane::{self, AWAY, Tried, within};
use super::run::Goal;
use super::sender::Sender;
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

/// The longest that a message waits, whatever the receiver asks for: a time that can be reckoned with.
const LONGEST: Duration = Duration::from_hours(24 * 365);

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
    /// Whether it is known to fail by a fault of its own.
    is_own: bool,
    /// Whether its failure has been taken for a sign that the receiver is away.
    is_counted: bool,
    /// Whether the receiver said the last time that it is not there.
    is_absent: bool,
    pub(super) until: Instant,
}

impl Waiting {
    fn new(key: MessageKey) -> Self {
        let (attempts, absences, until) = (0, 0, Instant::now());
        Self { key, attempts, absences, is_own: false, is_counted: false, is_absent: false, until }
    }

    fn tries(&self) -> u32 {
        self.attempts.saturating_add(self.absences)
    }
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
/// How often it is waited for where it is not, before it is doubted that it is away: about half an hour, and longer where
/// more messages fail.
const DOUBT: u32 = 600;
const DOUBT_OF_EACH: u32 = 10;
/// How many messages are sent for each that fails after them, for it to fail by a fault of its own.
const SENT_OF_EACH: usize = 8;

/// Whose fault the failure of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Its own: the receiver took others.
    Message,
    /// It is not known: the receiver took others, but may be away since.
    Unknown,
    /// Perhaps the receiver's: it took nothing.
    Receiver,
}

/// The entry for a message that is put aside.
pub(super) fn parked(message: OutboxMessage, attempts: u32, error: Option<String>, now: Timestamp) -> ParkedMessage {
    let key = message.key();
    let OutboxMessage { stream, id, event_type, .. } = message;
    ParkedMessage { key, stream, id, event_type, attempts, error, parked_at: now }
}

impl<P: Publish, S: OutboxStore, B: Publisher> Sender<P, S, B> {
    /// Sends messages, as far as it gets.
    pub(super) async fn send(&mut self, mut messages: Vec<OutboxMessage>, goal: Goal) -> Result<(), Trouble> {
        if self.is_away() {
            messages = self.probe(messages);
        }
        let mut tried = self.try_all(messages).await;
        if tried.iter().any(|tried| tried.result.is_ok())
            && let Err(error) = within(self.timeout, self.publisher.flush()).await
        {
            not_flushed(&mut tried, &error);
        }
        let fault = self.judge(&tried);
        let mut failed = None;
        let mut longest = Duration::ZERO;
        for Tried { message, result, before_sent } in tried {
            match result {
                Ok(()) => self.was_sent(message),
                Err(error) => {
                    longest = longest.max(error.wait().unwrap_or_default());
                    let fault = if before_sent { Fault::Message } else { fault };
                    if let Err(error) = self.was_not_sent(message, error, fault) {
                        failed = failed.or(Some(error));
                    }
                }
            }
        }
        if let Some(error) = failed {
            self.settle().await?;
            return Err(Trouble::Failed(error));
        }
        if self.is_away() {
            let last = self.status.borrow().last_error.clone();
            self.settle().await?;
            if self.is_in_doubt(goal) {
                self.blame_messages();
                return Ok(());
            }
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

    fn is_away(&self) -> bool {
        self.away.messages >= AWAY
    }

    /// The message that shows whether the receiver is back: that of the stream that was tried least.
    fn probe(&self, messages: Vec<OutboxMessage>) -> Vec<OutboxMessage> {
        let tries = |message: &OutboxMessage| self.waiting.get(&message.stream).map_or(0, Waiting::tries);
        messages.into_iter().min_by_key(tries).into_iter().collect()
    }

    /// Finds out whether the receiver is there, and whose fault it is where messages fail that no other one followed.
    fn judge(&mut self, tried: &[Tried]) -> Fault {
        let refused = |error: &PublishError| error.kind() == PublishErrorKind::Refused;
        let sent = tried.iter().filter(|tried| tried.result.is_ok()).count();
        if sent > 0 || tried.iter().any(|tried| tried.result.as_ref().is_err_and(refused)) {
            self.is_back();
            let last = tried.iter().filter(|tried| tried.result.is_err() && !tried.before_sent).count();
            return if last * SENT_OF_EACH <= sent { Fault::Message } else { Fault::Unknown };
        }
        let is_away = self.is_away();
        let counts = tried.iter().filter(|Tried { message, result, .. }| {
            let is_absent = result.as_ref().is_err_and(|error| error.kind() == PublishErrorKind::Unavailable);
            let known = self.waiting.get(&message.stream).filter(|waiting| waiting.key == message.key());
            // The first failure of a message says something of the receiver, the others of the message.
            is_away || is_absent || known.is_none_or(|waiting| !waiting.is_own && !waiting.is_counted)
        });
        let counted = u32::try_from(counts.count()).unwrap_or(u32::MAX);
        self.away.messages = self.away.messages.saturating_add(counted);
        Fault::Receiver
    }

    fn is_back(&mut self) {
        if self.is_away() {
            // Those that only waited for that are tried at once.
            let now = Instant::now();
            for waiting in self.waiting.values_mut().filter(|waiting| waiting.absences > 0) {
                waiting.until = now;
            }
        }
        self.away = Away::default();
    }

    /// Whether it may be the messages after all that fail, and not the receiver that is away: it was waited for long enough,
    /// each was tried by itself, and with none it said that it is not there.
    fn is_in_doubt(&self, goal: Goal) -> bool {
        let failing = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        let is_enough = match goal {
            Goal::Empty => self.away.rests >= AWAY_TRIES && failing <= AWAY_TRIES,
            Goal::Follow => self.away.rests >= failing.saturating_mul(DOUBT_OF_EACH).max(DOUBT),
        };
        is_enough && self.waiting.values().all(|waiting| !waiting.is_absent)
    }

    /// Has messages that fail count as tried from now on.
    fn blame_messages(&mut self) {
        log::warn!("messages of `{}` fail by themselves: the receiver is no longer taken to be away", P::NAME);
        for waiting in self.waiting.values_mut() {
            waiting.is_own = true;
        }
        self.away = Away::default();
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

    fn was_sent(&mut self, message: OutboxMessage) {
        if !self.waiting.is_empty() {
            self.waiting.remove(&message.stream);
        }
        Arc::make_mut(&mut self.sent).push(message);
        self.status.send_if_modified(|status| {
            status.sent += 1;
            // The turn that notes it says so.
            false
        });
    }

    /// Decides what becomes of a message; an error where that is the end.
    fn was_not_sent(&mut self, message: OutboxMessage, error: PublishError, fault: Fault) -> Result<(), RelayError> {
        let (key, is_away) = (message.key(), self.is_away());
        let waiting = self.waiting.entry(message.stream.clone()).or_insert_with(|| Waiting::new(key));
        if waiting.key != key {
            *waiting = Waiting::new(key);
        }
        waiting.is_absent = error.kind() == PublishErrorKind::Unavailable;
        waiting.is_counted |= fault == Fault::Receiver;
        waiting.is_own |= fault == Fault::Message && !waiting.is_absent;
        let wait = match error.kind() {
            PublishErrorKind::Unavailable => {
                waiting.absences = waiting.absences.saturating_add(1);
                UNAVAILABLE.wait_after(waiting.absences)
            }
            PublishErrorKind::Failed => {
                // A receiver that fails whatever it is sent has a fault of its own: no message is to be parked for that.
                if is_away && !waiting.is_own {
                    waiting.absences = waiting.absences.saturating_add(1);
                    UNAVAILABLE.wait_after(waiting.absences)
                } else {
                    waiting.attempts = waiting.attempts.saturating_add(1);
                    self.retry.wait_after(waiting.attempts)
                }
            }
            PublishErrorKind::Refused => {
                waiting.attempts = waiting.attempts.saturating_add(1);
                None
            }
        };
        let attempts = waiting.tries();
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
                waiting.until = Instant::now() + wait.max(after).min(LONGEST);
                log::warn!("a message is tried again: {error}");
                let retrying = self.waiting.len();
                self.status.send_modify(|status| {
                    status.state = RelayState::Retrying;
                    status.retrying_streams = retrying;
                    status.last_error = Some(error);
                });
            }
            None if self.on_failure == OnFailure::Stop => return Err(error),
            None => {
                log::error!("a message was parked: {error}");
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
    tried.retain_mut(|Tried { message, result, before_sent }| {
        let is_first = streams.insert(message.stream.clone());
        *before_sent = false;
        if is_first && result.is_ok() {
            *result = Err(error.again());
        }
        is_first
    });
}
