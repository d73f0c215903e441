//! An outbox whose store fails when something is noted in it.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use es_core::prelude::*;
use es_core::testing::{MemoryOutbox, MemoryOutboxLease as Lease, MemoryOutboxTx as Tx, TestPublisher};
use es_core::{
    Checkpoint, JournalError, MemoryStore, MessageKey, OutboxMessage, OutboxSize, OutboxStore, ParkedEvent,
    ParkedMessage, PublishError, ReadStore, ReadStoreError, RelayError, Work,
};

use crate::domain::{BankNews, append, increased};
use crate::relay::cents;

/// How often the parking of a message of `alice` fails, and the replay of parked ones; each is of one test.
static PARKS: AtomicU32 = AtomicU32::new(0);
static REPLAYS: AtomicU32 = AtomicU32::new(0);
/// How often another relay has the outbox when it is noted that a message of `carol` was sent.
static TAKEN_OVER: AtomicU32 = AtomicU32::new(0);

fn check(left: &AtomicU32) -> Result<(), ReadStoreError> {
    match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
        Ok(_) => {
            let (store, action) = ("the faulty outbox".to_owned(), "note");
            Err(JournalError::Failed { store, action, source: "as asked".into() }.into())
        }
        Err(_) => Ok(()),
    }
}

#[derive(Clone, Default)]
struct Faulty(MemoryOutbox);

impl ReadStore for Faulty {
    type Tx = Tx;
    type Lease = Lease;

    async fn lease(&self, projection: &str) -> Result<Option<Lease>, ReadStoreError> {
        self.0.lease(projection).await
    }

    async fn transact<T: Send + 'static>(&self, work: Work<Tx, T>) -> Result<T, ReadStoreError> {
        self.0.transact(work).await
    }

    async fn load(lease: &Lease, tx: &mut Tx) -> Result<Option<Checkpoint>, ReadStoreError> {
        MemoryOutbox::load(lease, tx).await
    }

    async fn save(lease: &Lease, tx: &mut Tx, checkpoint: &Checkpoint) -> Result<(), ReadStoreError> {
        MemoryOutbox::save(lease, tx, checkpoint).await
    }

    async fn park(lease: &Lease, tx: &mut Tx, event: &ParkedEvent) -> Result<(), ReadStoreError> {
        MemoryOutbox::park(lease, tx, event).await
    }

    async fn unpark(lease: &Lease, tx: &mut Tx, positions: RangeInclusive<Position>) -> Result<(), ReadStoreError> {
        MemoryOutbox::unpark(lease, tx, positions).await
    }

    async fn parked(
        lease: &Lease,
        tx: &mut Tx,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadStoreError> {
        MemoryOutbox::parked(lease, tx, after, limit).await
    }
}

impl OutboxStore for Faulty {
    async fn put(tx: &mut Tx, outbox: &str, messages: &[OutboxMessage]) -> Result<(), ReadStoreError> {
        MemoryOutbox::put(tx, outbox, messages).await
    }

    async fn clear(tx: &mut Tx, outbox: &str) -> Result<(), ReadStoreError> {
        MemoryOutbox::clear(tx, outbox).await
    }

    async fn ready(
        tx: &mut Tx,
        outbox: &str,
        except: &[StreamId],
        limit: usize,
    ) -> Result<Vec<OutboxMessage>, ReadStoreError> {
        MemoryOutbox::ready(tx, outbox, except, limit).await
    }

    async fn sent(
        lease: &Lease,
        tx: &mut Tx,
        outbox: &str,
        messages: &[OutboxMessage],
        keep: Option<Timestamp>,
    ) -> Result<(), ReadStoreError> {
        if messages.iter().any(|message| message.stream.id() == "carol") {
            check(&TAKEN_OVER).map_err(|_| ReadStoreError::TakenOver { projection: "bank@send".to_owned() })?;
        }
        MemoryOutbox::sent(lease, tx, outbox, messages, keep).await
    }

    async fn forget(
        lease: &Lease,
        tx: &mut Tx,
        outbox: &str,
        before: Timestamp,
        limit: usize,
    ) -> Result<u64, ReadStoreError> {
        MemoryOutbox::forget(lease, tx, outbox, before, limit).await
    }

    async fn park_message(
        lease: &Lease,
        tx: &mut Tx,
        outbox: &str,
        message: &ParkedMessage,
    ) -> Result<(), ReadStoreError> {
        if message.stream.id() == "alice" {
            check(&PARKS)?;
        }
        MemoryOutbox::park_message(lease, tx, outbox, message).await
    }

    async fn unpark_messages(
        lease: &Lease,
        tx: &mut Tx,
        outbox: &str,
        stream: Option<&StreamId>,
    ) -> Result<u64, ReadStoreError> {
        check(&REPLAYS)?;
        MemoryOutbox::unpark_messages(lease, tx, outbox, stream).await
    }

    async fn discard(lease: &Lease, tx: &mut Tx, outbox: &str, id: &str) -> Result<Option<StreamId>, ReadStoreError> {
        MemoryOutbox::discard(lease, tx, outbox, id).await
    }

    async fn parked_messages(
        tx: &mut Tx,
        outbox: &str,
        after: Option<MessageKey>,
        limit: usize,
    ) -> Result<Vec<ParkedMessage>, ReadStoreError> {
        MemoryOutbox::parked_messages(tx, outbox, after, limit).await
    }

    async fn size(tx: &mut Tx, outbox: &str) -> Result<OutboxSize, ReadStoreError> {
        MemoryOutbox::size(tx, outbox).await
    }
}

/// Refuses the messages in which this is.
fn refusing(part: &'static str) -> TestPublisher {
    let publisher = TestPublisher::new();
    publisher.fail_when(move |message| message.json.contains(part).then(|| PublishError::refused("never")));
    publisher
}

#[tokio::test]
async fn nothing_is_sent_past_a_message_whose_parking_was_not_committed() {
    let (store, outbox, publisher) = (MemoryStore::new(), Faulty::default(), refusing("\"cents\":100}"));
    append(&store, "alice", &[increased(1), increased(2), increased(3)]).await;
    PARKS.store(1, Ordering::SeqCst);
    let mut relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone());
    relay.run_to_head().await.unwrap();
    assert_eq!(PARKS.load(Ordering::SeqCst), 0);
    assert!(cents(&publisher).is_empty(), "{:?}", cents(&publisher));
    let parked = relay.handle().parked(None, 10).await.unwrap();
    assert_eq!(parked.iter().map(|message| message.attempts).collect::<Vec<_>>(), [1, 0, 0]);
}

#[tokio::test]
async fn a_store_that_fails_answers_who_has_asked_and_ends_no_pause() {
    let (store, outbox, publisher) = (MemoryStore::new(), Faulty::default(), refusing("\"cents\":100}"));
    let position = append(&store, "bob", &[increased(1), increased(2)]).await;
    let relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone()).spawn();
    assert!(matches!(relay.wait_for(position).await, Err(RelayError::Parked { .. })));
    publisher.fail_when(|_| None);
    relay.pause().await.unwrap();
    REPLAYS.store(1, Ordering::SeqCst);
    assert!(matches!(relay.replay_parked().await, Err(RelayError::Store { .. })));
    assert!(relay.replay_parked().await.unwrap() > 0);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(relay.status().state, RelayState::Paused);
    assert!(cents(&publisher).is_empty(), "{:?}", cents(&publisher));
    relay.resume().await.unwrap();
    relay.wait_for(position).await.unwrap();
    assert_eq!(cents(&publisher), [100, 200]);
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_sent_before_another_relay_took_the_outbox_over_is_sent_again_where_it_is_there() {
    let (store, outbox, publisher) = (MemoryStore::new(), Faulty::default(), TestPublisher::new());
    let position = append(&store, "carol", &[increased(1)]).await;
    TAKEN_OVER.store(1, Ordering::SeqCst);
    let relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone()).spawn();
    relay.wait_for(position).await.unwrap();
    // The other one may have made it anew: it is not known that it was this one that was sent.
    assert_eq!(cents(&publisher), [100, 100]);
    relay.stop().await.unwrap();
}
