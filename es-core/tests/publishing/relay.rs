//! The relay at work: filling, sending, waiting, pausing, stopping.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use es_core::prelude::*;
use es_core::testing::{MemoryOutbox, TestPublisher};
use es_core::{MemoryStore, OutboxMessage, OutboxStore, PublishError, Publisher, ReadStore, RelayError, Work};

use crate::domain::{Account, BankNews, Increase, append, increased};

pub fn cents(publisher: &TestPublisher) -> Vec<u64> {
    let sent = publisher.sent();
    sent.iter().map(|message| message.data::<serde_json::Value>().unwrap()["cents"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn what_is_appended_is_sent_in_order_and_can_be_waited_for() {
    let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
    let accounts = Repository::<Account, _>::new(&store);
    let relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone()).spawn();
    for by in 1..=50 {
        let outcome = accounts.execute(format!("account-{}", by % 3).as_str(), Increase { by }).await.unwrap();
        if by % 10 == 0 {
            relay.wait_for(outcome.position).await.unwrap();
            assert_eq!(cents(&publisher), (1..=by).map(|by| by * 100).collect::<Vec<_>>());
        }
    }
    let status = relay.status();
    assert_eq!((status.state, status.sent, status.ready, status.parked), (RelayState::Running, 50, 0, 0));
    assert_eq!(status.position, store.head().await.unwrap());
    relay.stop().await.unwrap();
    assert_eq!(relay.status().state, RelayState::Stopped);
    let head = store.head().await.unwrap();
    assert!(relay.wait_for(head).await.is_ok(), "what was sent was sent");
    let later = append(&store, "alice", &[increased(1)]).await;
    assert!(matches!(relay.wait_for(later).await, Err(RelayError::Stopped { .. })));
    assert!(matches!(relay.pause().await, Err(RelayError::Stopped { .. })));
    assert!(matches!(relay.replay_parked().await, Err(RelayError::Stopped { .. })));
}

#[tokio::test]
async fn nothing_is_sent_twice_by_the_next_relay() {
    let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
    for by in 1..=20 {
        append(&store, "alice", &[increased(by)]).await;
        let mut relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone()).batch(3);
        assert_eq!(relay.run_to_head().await.unwrap(), store.head().await.unwrap());
    }
    assert_eq!(cents(&publisher), (1..=20).map(|by| by * 100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_relay_that_is_paused_sends_nothing_until_it_is_resumed() {
    let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
    let relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone()).spawn();
    relay.wait_for(append(&store, "alice", &[increased(1)]).await).await.unwrap();
    relay.pause().await.unwrap();
    assert_eq!(relay.status().state, RelayState::Paused);
    let position = append(&store, "alice", &[increased(2)]).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(cents(&publisher), [100]);
    relay.resume().await.unwrap();
    relay.wait_for(position).await.unwrap();
    assert_eq!(cents(&publisher), [100, 200]);
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn a_relay_that_was_stopped_before_it_ran_says_so_once_and_then_sends() {
    let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
    let mut relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone());
    let handle = relay.handle();
    append(&store, "alice", &[increased(1)]).await;
    let (stopped, ended) =
        tokio::join!(tokio::time::timeout(Duration::from_mins(1), handle.stop()), relay.run_to_head());
    stopped.unwrap().unwrap();
    assert!(matches!(ended, Err(RelayError::Stopped { .. })), "{ended:?}");
    for by in 1..=3 {
        assert_eq!(relay.run_to_head().await.unwrap(), store.head().await.unwrap());
        assert_eq!(cents(&publisher).len(), by);
        handle.stop().await.unwrap();
        append(&store, "alice", &[increased(1)]).await;
        let ended = relay.run_to_head().await;
        assert!(matches!(ended, Err(RelayError::Stopped { .. })), "{ended:?}");
    }
}

/// Stops the relay that it sends for.
struct Stopping(TestPublisher, Arc<Mutex<Option<RelayHandle<BankNews, MemoryOutbox>>>>);

impl Publisher for Stopping {
    async fn send(&self, message: &OutboxMessage) -> Result<(), PublishError> {
        let relay = self.1.lock().unwrap().take();
        if let Some(relay) = relay {
            tokio::spawn(async move { relay.stop().await });
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.0.send(message).await
    }
}

#[tokio::test]
async fn a_relay_that_was_stopped_while_it_sent_says_so_once_and_then_sends_the_rest() {
    let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
    append(&store, "alice", &[increased(1), increased(2)]).await;
    let stops = Arc::<Mutex<_>>::default();
    let mut relay = Relay::from_start(&store, &outbox, BankNews, Stopping(publisher.clone(), Arc::clone(&stops)));
    *stops.lock().unwrap() = Some(relay.handle());
    let ended = relay.run_to_head().await;
    assert!(matches!(ended, Err(RelayError::Stopped { .. })), "{ended:?}");
    assert_eq!(cents(&publisher), [100]);
    assert_eq!(relay.run_to_head().await.unwrap(), store.head().await.unwrap());
    assert_eq!(cents(&publisher), [100, 200]);
}

#[tokio::test]
async fn an_outbox_may_begin_with_what_comes() {
    let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
    append(&store, "alice", &[increased(1), increased(2)]).await;
    let mut relay = Relay::from_now(&store, &outbox, BankNews, publisher.clone());
    relay.run_to_head().await.unwrap();
    append(&store, "alice", &[increased(3)]).await;
    drop(relay);
    // Where it has begun is where it goes on.
    let mut relay = Relay::from_now(&store, &outbox, BankNews, publisher.clone());
    relay.run_to_head().await.unwrap();
    assert_eq!(cents(&publisher), [300]);
    drop(relay);
    let mut relay = Relay::from_start(&store, &MemoryOutbox::new(), BankNews, publisher.clone());
    relay.run_to_head().await.unwrap();
    assert_eq!(cents(&publisher), [300, 100, 200, 300]);
}

#[tokio::test]
async fn of_two_relays_one_works_and_the_other_takes_over() {
    let (store, outbox) = (MemoryStore::new(), MemoryOutbox::new());
    let (one, two) = (TestPublisher::new(), TestPublisher::new());
    let first = Relay::from_start(&store, &outbox, BankNews, one.clone()).spawn();
    first.wait_for(append(&store, "alice", &[increased(1)]).await).await.unwrap();
    let second = Relay::from_start(&store, &outbox, BankNews, two.clone()).spawn();
    let mut changes = second.changes();
    while second.status().state != RelayState::Waiting {
        changes.next().await.unwrap();
    }
    let refused = Relay::from_start(&store, &outbox, BankNews, two.clone()).run_to_head().await;
    assert!(matches!(&refused, Err(RelayError::Held { .. })), "{refused:?}");
    first.wait_for(append(&store, "alice", &[increased(2)]).await).await.unwrap();
    first.stop().await.unwrap();
    let last = append(&store, "alice", &[increased(3)]).await;
    second.wait_for(last).await.unwrap();
    assert_eq!((cents(&one), cents(&two)), (vec![100, 200], vec![300]));
    second.stop().await.unwrap();
}

#[tokio::test]
async fn all_can_be_published_once_more_with_the_same_ids() {
    let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
    let relay =
        Relay::from_start(&store, &outbox, BankNews, publisher.clone()).keep_sent(Duration::from_hours(1)).spawn();
    let last = append(&store, "alice", &[increased(1), increased(2)]).await;
    relay.wait_for(last).await.unwrap();
    relay.republish().await.unwrap();
    let last = append(&store, "alice", &[increased(3)]).await;
    relay.wait_for(last).await.unwrap();
    assert_eq!(cents(&publisher), [100, 200, 100, 200, 300]);
    let sent = publisher.sent();
    assert_eq!(sent[..2], sent[2..4]);
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn streams_are_sent_side_by_side_each_in_order() {
    let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
    for by in 1..=300 {
        append(&store, &format!("account-{}", by % 7), &[increased(by)]).await;
    }
    let mut relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone()).at_once(4).batch(50);
    relay.run_to_head().await.unwrap();
    let sent = publisher.sent();
    assert_eq!(sent.len(), 300);
    for account in 0..7 {
        let of_it: Vec<_> = sent.iter().filter(|message| message.stream.id() == format!("account-{account}")).collect();
        assert!(of_it.is_sorted_by_key(|message| message.key()), "account {account}");
    }
}

#[tokio::test]
async fn a_relay_can_run_in_the_task_of_its_caller() {
    let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
    let position = append(&store, "alice", &[increased(1)]).await;
    let relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone());
    let handle = relay.handle();
    let running = tokio::spawn(relay.run());
    handle.wait_for(position).await.unwrap();
    handle.stop().await.unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(cents(&publisher), [100]);
    // One that fails ends.
    append(&store, "alice", &[increased(666)]).await;
    let error = Relay::from_start(&store, &outbox, BankNews, publisher).run().await.unwrap_err();
    assert!(error.to_string().contains("nobody is told of 666"), "{error}");
}

#[tokio::test]
async fn a_stop_waits_for_the_message_in_hand_alone() {
    struct Slow(tokio::sync::mpsc::UnboundedSender<()>, tokio::sync::Semaphore, TestPublisher);

    impl es_core::Publisher for Slow {
        async fn send(&self, message: &es_core::OutboxMessage) -> Result<(), es_core::PublishError> {
            self.0.send(())?;
            self.1.acquire().await?.forget();
            self.2.send(message).await
        }
    }

    let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
    append(&store, "alice", &[increased(1), increased(2), increased(3)]).await;
    let (tell, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let slow = Slow(tell, tokio::sync::Semaphore::new(1), publisher.clone());
    let relay = Relay::from_start(&store, &outbox, BankNews, slow).timeout(Duration::from_millis(50)).spawn();
    begun.recv().await.unwrap();
    begun.recv().await.unwrap();
    relay.stop().await.unwrap();
    assert_eq!(cents(&publisher), [100]);
    let left: Work<_, _> = Box::new(|tx| {
        Box::pin(async move { es_core::Ended::RollBack(MemoryOutbox::ready(tx, "bank", &[], 10).await) })
    });
    assert_eq!(outbox.transact(left).await.unwrap().unwrap().len(), 2, "what was sent is noted");
}
