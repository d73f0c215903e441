//! An outbox whose store fails when something is noted in it.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::time::Duration;

use es_core::prelude::*;
use es_core::testing::{MemoryOutbox, MemoryOutboxLease as Lease, MemoryOutboxTx as Tx, TestPublisher};
use es_core::{
    Checkpoint, JournalError, MemoryStore, MessageKey, OutboxMessage, OutboxSize, OutboxStore, ParkedEvent,
    ParkedMessage, PublishError, ReadStore, ReadStoreError, RelayError, Work,
};

use crate::domain::{BankNews, append, increased};
use crate::relay::cents;

// A test has a thread of its own, with all that runs in it.
thread_local! {
    /// How often the parking of a message fails, and the replay of parked ones.
    static PARKS: Cell<u32> = const { Cell::new(0) };
    static REPLAYS: Cell<u32> = const { Cell::new(0) };
    /// How often another relay has the outbox when it is noted that messages were sent.
    static TAKEN_OVER: Cell<u32> = const { Cell::new(0) };
    /// How often it fails that messages are counted.
    static COUNTS: Cell<u32> = const { Cell::new(0) };
    /// How often a transaction fails, from now on, and once parked messages were replayed.
    static TRANSACTIONS: Cell<u32> = const { Cell::new(0) };
    static AFTER_REPLAY: Cell<u32> = const { Cell::new(0) };
    /// How often an outbox was emptied.
    static EMPTIED: Cell<u32> = const { Cell::new(0) };
}

/// How often an outbox of this test was emptied.
pub fn emptied() -> u32 {
    EMPTIED.get()
}

fn check(left: &Cell<u32>) -> Result<(), ReadStoreError> {
    let Some(less) = left.get().checked_sub(1) else { return Ok(()) };
    left.set(less);
    let (store, action) = ("the faulty outbox".to_owned(), "note");
    Err(JournalError::Failed { store, action, source: "as asked".into() }.into())
}

#[derive(Clone, Default)]
pub struct Faulty(pub MemoryOutbox);

impl ReadStore for Faulty {
    type Tx = Tx;
    type Lease = Lease;

    async fn lease(&self, projection: &str) -> Result<Option<Lease>, ReadStoreError> {
        self.0.lease(projection).await
    }

    async fn transact<T: Send + 'static>(&self, work: Work<Tx, T>) -> Result<T, ReadStoreError> {
        TRANSACTIONS.with(check)?;
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
        EMPTIED.set(EMPTIED.get() + 1);
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
        TAKEN_OVER.with(check).map_err(|_| ReadStoreError::TakenOver { projection: "bank@send".to_owned() })?;
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
        PARKS.with(check)?;
        MemoryOutbox::park_message(lease, tx, outbox, message).await
    }

    async fn unpark_messages(
        lease: &Lease,
        tx: &mut Tx,
        outbox: &str,
        stream: Option<&StreamId>,
    ) -> Result<u64, ReadStoreError> {
        REPLAYS.with(check)?;
        TRANSACTIONS.set(AFTER_REPLAY.take());
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
        COUNTS.with(check)?;
        MemoryOutbox::size(tx, outbox).await
    }
}

/// Refuses the messages in which this is.
fn refusing(part: &'static str) -> TestPublisher {
    let publisher = TestPublisher::new();
    publisher.fail_when(move |message| message.json.contains(part).then(|| PublishError::refused("never")));
    publisher
}

/// A relay that has parked both messages of an account, and is paused; what they are is refused no more.
async fn paused_with_parked(account: &str) -> (RelayHandle<BankNews, Faulty>, TestPublisher, Position) {
    let (store, outbox, publisher) = (MemoryStore::new(), Faulty::default(), refusing("\"cents\":100}"));
    let position = append(&store, account, &[increased(1), increased(2)]).await;
    let relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone()).spawn();
    assert!(matches!(relay.wait_for(position).await, Err(RelayError::Parked { .. })));
    publisher.fail_when(|_| None);
    relay.pause().await.unwrap();
    (relay, publisher, position)
}

#[tokio::test]
async fn nothing_is_sent_past_a_message_whose_parking_was_not_committed() {
    let (store, outbox, publisher) = (MemoryStore::new(), Faulty::default(), refusing("\"cents\":100}"));
    append(&store, "alice", &[increased(1), increased(2), increased(3)]).await;
    PARKS.set(1);
    let mut relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone());
    relay.run_to_head().await.unwrap();
    assert_eq!(PARKS.get(), 0);
    assert!(cents(&publisher).is_empty(), "{:?}", cents(&publisher));
    let parked = relay.handle().parked(None, 10).await.unwrap();
    assert_eq!(parked.iter().map(|message| message.attempts).collect::<Vec<_>>(), [1, 0, 0]);
}

#[tokio::test]
async fn a_store_that_fails_answers_who_has_asked_and_ends_no_pause() {
    let (relay, publisher, position) = paused_with_parked("bob").await;
    REPLAYS.set(1);
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
async fn a_replay_is_answered_with_an_error_where_nothing_was_made_ready_and_not_else() {
    let (relay, publisher, position) = paused_with_parked("dave").await;
    COUNTS.set(1);
    assert!(matches!(relay.replay_parked().await, Err(RelayError::Store { .. })));
    assert_eq!(COUNTS.get(), 0);
    assert_eq!(relay.parked(None, 10).await.unwrap().len(), 2);
    // The next transaction after that of the replay.
    AFTER_REPLAY.set(1);
    assert_eq!(relay.replay_parked().await.unwrap(), 2);
    let status = relay.status();
    assert_eq!((status.state, status.ready, status.parked), (RelayState::Paused, 2, 0));
    assert!(status.position < position, "{status:?}");
    relay.resume().await.unwrap();
    relay.wait_for(position).await.unwrap();
    assert_eq!((TRANSACTIONS.get(), cents(&publisher)), (0, vec![100, 200]));
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_sent_before_another_relay_took_the_outbox_over_is_sent_again_where_it_is_there() {
    let (store, outbox, publisher) = (MemoryStore::new(), Faulty::default(), TestPublisher::new());
    let position = append(&store, "carol", &[increased(1)]).await;
    TAKEN_OVER.set(1);
    let relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone()).spawn();
    relay.wait_for(position).await.unwrap();
    // The other one may have made it anew: it is not known that it was this one that was sent.
    assert_eq!(cents(&publisher), [100, 100]);
    relay.stop().await.unwrap();
}
