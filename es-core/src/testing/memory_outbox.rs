//! `MemoryOutbox`: a store for outboxes in tests.

use std::collections::{BTreeMap, HashSet};
use std::ops::{Bound, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::{Position, StreamId, Timestamp};
use crate::projection::{Checkpoint, Ended, ParkedEvent, ReadStore, ReadStoreError, Work};
use crate::publishing::{MessageKey, OutboxMessage, OutboxSize, OutboxStore, ParkedMessage};

/// Keeps outboxes in memory, so that a relay can be tested without a database: each transaction copies all there is.
///
/// Clones are the same store.
#[derive(Debug, Clone, Default)]
pub struct MemoryOutbox {
    now: Arc<Mutex<Tables>>,
    /// One transaction at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
    held: Arc<Mutex<HashSet<String>>>,
}

/// A transaction of a [`MemoryOutbox`].
#[derive(Debug)]
pub struct MemoryOutboxTx(Tables);

/// The right to advance a projection, or to send from an outbox, of a [`MemoryOutbox`].
#[derive(Debug)]
pub struct MemoryOutboxLease {
    name: String,
    held: Arc<Mutex<HashSet<String>>>,
}

#[derive(Debug, Clone, Default)]
struct Tables {
    checkpoints: BTreeMap<String, Checkpoint>,
    parked: BTreeMap<(String, Position), ParkedEvent>,
    messages: BTreeMap<(String, MessageKey), (OutboxMessage, State)>,
}

#[derive(Debug, Clone)]
enum State {
    Ready,
    Parked { attempts: u32, error: Option<String>, at: Timestamp },
    Sent(Timestamp),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is one assignment: a panic leaves none half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryOutboxTx {
    /// All messages of an outbox that are ready.
    #[inline]
    pub(super) fn ready(&self, outbox: &str) -> Vec<OutboxMessage> {
        let ready = self.0.of(outbox).filter(|(_, state)| matches!(state, State::Ready));
        ready.map(|(message, _)| message.clone()).collect()
    }
}

impl MemoryOutbox {
    /// Makes one in which there is nothing.
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Drop for MemoryOutboxLease {
    #[inline]
    fn drop(&mut self) {
        lock(&self.held).remove(&self.name);
    }
}

impl Tables {
    /// The messages of an outbox, in order.
    #[inline]
    fn of(&self, outbox: &str) -> impl Iterator<Item = &(OutboxMessage, State)> {
        self.messages.iter().filter(move |((name, _), _)| name == outbox).map(|(_, message)| message)
    }

    /// Those, to be changed.
    #[inline]
    fn of_mut(&mut self, outbox: &str) -> impl Iterator<Item = &mut (OutboxMessage, State)> {
        self.messages.iter_mut().filter(move |((name, _), _)| name == outbox).map(|(_, message)| message)
    }
}

#[inline]
fn as_parked((message, state): &(OutboxMessage, State)) -> Option<ParkedMessage> {
    let State::Parked { attempts, error, at } = state else { return None };
    Some(ParkedMessage {
        key: message.key(),
        stream: message.stream.clone(),
        id: message.id.clone(),
        event_type: message.event_type.clone(),
        attempts: *attempts,
        error: error.clone(),
        parked_at: *at,
    })
}

impl ReadStore for MemoryOutbox {
    type Tx = MemoryOutboxTx;
    type Lease = MemoryOutboxLease;

    #[inline]
    async fn lease(&self, projection: &str) -> Result<Option<MemoryOutboxLease>, ReadStoreError> {
        let is_free = lock(&self.held).insert(projection.to_owned());
        Ok(is_free.then(|| MemoryOutboxLease { name: projection.to_owned(), held: Arc::clone(&self.held) }))
    }

    #[inline]
    async fn look(&self, projection: &str) -> Result<Option<Checkpoint>, ReadStoreError> {
        Ok(lock(&self.now).checkpoints.get(projection).cloned())
    }

    async fn transact<T: Send + 'static>(&self, work: Work<MemoryOutboxTx, T>) -> Result<T, ReadStoreError> {
        let _turn = self.turn.lock().await;
        let mut tx = MemoryOutboxTx(lock(&self.now).clone());
        match work(&mut tx).await {
            Ended::Commit(value) => {
                *lock(&self.now) = tx.0;
                Ok(value)
            }
            Ended::RollBack(value) => Ok(value),
        }
    }

    #[inline]
    async fn load(lease: &MemoryOutboxLease, tx: &mut MemoryOutboxTx) -> Result<Option<Checkpoint>, ReadStoreError> {
        Ok(tx.0.checkpoints.get(&lease.name).cloned())
    }

    #[inline]
    async fn save(
        lease: &MemoryOutboxLease,
        tx: &mut MemoryOutboxTx,
        checkpoint: &Checkpoint,
    ) -> Result<(), ReadStoreError> {
        tx.0.checkpoints.insert(lease.name.clone(), checkpoint.clone());
        Ok(())
    }

    #[inline]
    async fn park(
        lease: &MemoryOutboxLease,
        tx: &mut MemoryOutboxTx,
        event: &ParkedEvent,
    ) -> Result<(), ReadStoreError> {
        tx.0.parked.insert((lease.name.clone(), event.position), event.clone());
        Ok(())
    }

    #[inline]
    async fn unpark(
        lease: &MemoryOutboxLease,
        tx: &mut MemoryOutboxTx,
        positions: RangeInclusive<Position>,
    ) -> Result<(), ReadStoreError> {
        tx.0.parked.retain(|(name, position), _| *name != lease.name || !positions.contains(position));
        Ok(())
    }

    #[inline]
    async fn parked(
        lease: &MemoryOutboxLease,
        tx: &mut MemoryOutboxTx,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadStoreError> {
        let after = (Bound::Excluded((lease.name.clone(), after)), Bound::Unbounded);
        let events = tx.0.parked.range(after).take_while(|((name, _), _)| *name == lease.name);
        Ok(events.take(limit).map(|(_, event)| event.clone()).collect())
    }
}

impl OutboxStore for MemoryOutbox {
    #[inline]
    async fn put(tx: &mut MemoryOutboxTx, outbox: &str, messages: &[OutboxMessage]) -> Result<(), ReadStoreError> {
        for message in messages {
            tx.0.messages.insert((outbox.to_owned(), message.key()), (message.clone(), State::Ready));
        }
        Ok(())
    }

    #[inline]
    async fn clear(tx: &mut MemoryOutboxTx, outbox: &str) -> Result<(), ReadStoreError> {
        tx.0.messages.retain(|(name, _), (_, state)| name != outbox || matches!(state, State::Sent(_)));
        Ok(())
    }

    #[inline]
    async fn ready(
        tx: &mut MemoryOutboxTx,
        outbox: &str,
        except: &[StreamId],
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, ReadStoreError> {
        let ready =
            tx.0.of(outbox)
                .filter(|(message, state)| matches!(state, State::Ready) && !except.contains(&message.stream));
        let mut bytes = 0;
        let fits = |(message, _): &&(OutboxMessage, State)| {
            let is_first = bytes == 0;
            bytes += message.json.len();
            is_first || bytes <= OutboxMessage::AT_ONCE
        };
        Ok(ready.take(limit).take_while(fits).map(|(message, _)| message.clone()).collect())
    }

    #[inline]
    async fn sent(
        _: &MemoryOutboxLease,
        tx: &mut MemoryOutboxTx,
        outbox: &str,
        messages: &[OutboxMessage],
        keep: Option<Timestamp>,
    ) -> Result<(), ReadStoreError> {
        for message in messages {
            let key = (outbox.to_owned(), message.key());
            let Some((there, state)) = tx.0.messages.get_mut(&key) else { continue };
            if there.json != message.json {
                continue;
            }
            match keep {
                Some(at) => *state = State::Sent(at),
                None => drop(tx.0.messages.remove(&key)),
            }
        }
        Ok(())
    }

    #[inline]
    async fn forget(
        _: &MemoryOutboxLease,
        tx: &mut MemoryOutboxTx,
        outbox: &str,
        before: Timestamp,
        limit: usize,
    ) -> Result<u64, ReadStoreError> {
        let old = tx.0.of(outbox).filter(|(_, state)| matches!(state, State::Sent(at) if *at < before));
        let old: Vec<_> = old.take(limit).map(|(message, _)| message.key()).collect();
        for key in &old {
            tx.0.messages.remove(&(outbox.to_owned(), *key));
        }
        Ok(old.len() as u64)
    }

    #[inline]
    async fn park_message(
        _: &MemoryOutboxLease,
        tx: &mut MemoryOutboxTx,
        outbox: &str,
        message: &ParkedMessage,
    ) -> Result<(), ReadStoreError> {
        if let Some((there, state @ State::Ready)) = tx.0.messages.get_mut(&(outbox.to_owned(), message.key))
            && there.id == message.id
        {
            let ParkedMessage { attempts, error, parked_at, .. } = message.clone();
            *state = State::Parked { attempts, error, at: parked_at };
        }
        Ok(())
    }

    #[inline]
    async fn unpark_messages(
        _: &MemoryOutboxLease,
        tx: &mut MemoryOutboxTx,
        outbox: &str,
        stream: Option<&StreamId>,
    ) -> Result<u64, ReadStoreError> {
        let mut count = 0;
        for (message, state) in tx.0.of_mut(outbox) {
            if matches!(state, State::Parked { .. }) && stream.is_none_or(|stream| *stream == message.stream) {
                *state = State::Ready;
                count += 1;
            }
        }
        Ok(count)
    }

    #[inline]
    async fn discard(
        _: &MemoryOutboxLease,
        tx: &mut MemoryOutboxTx,
        outbox: &str,
        id: &str,
    ) -> Result<Option<StreamId>, ReadStoreError> {
        let mut parked = tx.0.of(outbox).filter_map(as_parked);
        let Some(found) = parked.find(|message| message.id == id) else { return Ok(None) };
        drop(parked);
        tx.0.messages.remove(&(outbox.to_owned(), found.key));
        Ok(Some(found.stream))
    }

    #[inline]
    async fn parked_messages(
        tx: &mut MemoryOutboxTx,
        outbox: &str,
        after: Option<MessageKey>,
        limit: usize,
    ) -> Result<Vec<ParkedMessage>, ReadStoreError> {
        let parked = tx.0.of(outbox).filter_map(as_parked);
        Ok(parked.filter(|message| after.is_none_or(|after| message.key > after)).take(limit).collect())
    }

    #[inline]
    async fn size(tx: &mut MemoryOutboxTx, outbox: &str) -> Result<OutboxSize, ReadStoreError> {
        let mut size = OutboxSize::default();
        for (message, state) in tx.0.of(outbox) {
            let (count, first) = match state {
                State::Ready => (&mut size.ready, &mut size.first_ready),
                State::Parked { .. } => (&mut size.parked, &mut size.first_parked),
                State::Sent(_) => continue,
            };
            *count += 1;
            first.get_or_insert(message.position);
        }
        Ok(size)
    }
}
