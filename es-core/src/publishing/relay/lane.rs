//! A lane: messages that are sent one after the other.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::event::StreamId;
use crate::projection::futures::caught;
use crate::publishing::{OutboxMessage, PublishError, PublishErrorKind, Publisher};

/// After how many messages in a row the receiver is taken to be away.
pub(super) const AWAY: u32 = 3;

/// What became of a message.
pub(super) struct Tried {
    pub(super) message: OutboxMessage,
    pub(super) result: Result<(), PublishError>,
    /// Whether a later one was sent: the receiver was there.
    pub(super) before_sent: bool,
}

/// Gives each stream a lane, the same each time.
pub(super) fn split(messages: Vec<OutboxMessage>, lanes: usize) -> Vec<Vec<OutboxMessage>> {
    if lanes == 1 {
        return vec![messages];
    }
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut split = vec![Vec::new(); lanes];
    for message in messages {
        let hash = usize::try_from(hasher.hash_one(&message.stream) % lanes as u64).unwrap_or(0);
        if let Some(lane) = split.get_mut(hash) {
            lane.push(message);
        }
    }
    split.retain(|lane| !lane.is_empty());
    split
}

/// Sends messages in order, until `halt`. One that fails holds up the later ones of its stream.
pub(super) async fn run<B: Publisher>(
    publisher: Arc<B>,
    messages: Vec<OutboxMessage>,
    halt: Arc<AtomicBool>,
    limit: Duration,
) -> Vec<Tried> {
    let mut tried = Vec::with_capacity(messages.len());
    let mut held: HashSet<StreamId> = HashSet::new();
    let mut away = 0;
    for message in messages {
        if halt.load(Ordering::Relaxed) || away >= AWAY {
            break;
        }
        if held.contains(&message.stream) {
            continue;
        }
        let result = within(limit, publisher.send(&message)).await;
        match &result {
            Ok(()) => away = 0,
            Err(error) => {
                away = if error.kind() == PublishErrorKind::Unavailable { away + 1 } else { 0 };
                held.insert(message.stream.clone());
            }
        }
        tried.push(Tried { message, result, before_sent: false });
    }
    let last_sent = tried.iter().rposition(|tried| tried.result.is_ok()).unwrap_or(0);
    for tried in tried.iter_mut().take(last_sent) {
        tried.before_sent = true;
    }
    tried
}

/// Makes a panic, or no answer, an error like another.
pub(super) async fn within(
    limit: Duration,
    future: impl Future<Output = Result<(), PublishError>>,
) -> Result<(), PublishError> {
    match tokio::time::timeout(limit, caught(async { Ok(future.await) })).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(PublishError::failed(panic)),
        Err(_) => Err(PublishError::failed(format!("no answer within {limit:?}"))),
    }
}
