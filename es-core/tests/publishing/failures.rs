//! Messages that fail, and events that have no public form.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use es_core::prelude::*;
use es_core::testing::{MemoryOutbox, TestPublisher};
use es_core::{MemoryStore, OutboxMessage, PublishError, Publisher, RelayError, RelayStatus, Retry};

use crate::domain::{BankNews, append, increased};
use crate::relay::cents;

const RETRY: Retry = Retry { attempts: 3, wait: Duration::from_millis(1), longest_wait: Duration::from_millis(5) };

struct Place {
    store: MemoryStore,
    outbox: MemoryOutbox,
    publisher: TestPublisher,
}

impl Place {
    fn new() -> Self {
        Self { store: MemoryStore::new(), outbox: MemoryOutbox::new(), publisher: TestPublisher::new() }
    }

    fn relay(&self) -> Relay<MemoryStore, BankNews, MemoryOutbox, TestPublisher> {
        Relay::from_start(&self.store, &self.outbox, BankNews, self.publisher.clone()).retry(RETRY)
    }

    /// Has the messages of a stream fail, so often.
    fn fail(&self, stream: &'static str, times: u32, error: fn() -> PublishError) -> Arc<AtomicU32> {
        let tries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        self.publisher.fail_when(move |message| {
            let fails = message.stream.id() == stream && counted.fetch_add(1, Ordering::SeqCst) < times;
            fails.then(error)
        });
        tries
    }
}

async fn until(handle: &RelayHandle<BankNews, MemoryOutbox>, is_so: impl Fn(&RelayStatus) -> bool) -> RelayStatus {
    let mut changes = handle.changes();
    loop {
        let status = handle.status();
        if is_so(&status) {
            return status;
        }
        tokio::time::timeout(Duration::from_mins(1), changes.next()).await.expect("the status changes in time");
    }
}

#[tokio::test]
async fn a_message_that_fails_is_tried_again_and_holds_up_its_stream_alone() {
    let place = Place::new();
    let tries = place.fail("alice", 2, || "not now".into());
    for by in 1..=3 {
        append(&place.store, "alice", &[increased(by)]).await;
        append(&place.store, "bob", &[increased(10 + by)]).await;
    }
    place.relay().run_to_head().await.unwrap();
    assert_eq!(cents(&place.publisher), [1100, 1200, 1300, 100, 200, 300]);
    assert_eq!(tries.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn a_message_that_fails_for_good_is_parked_with_those_behind_it_and_can_be_replayed() {
    let place = Place::new();
    let tries = place.fail("alice", u32::MAX, || "it breaks".into());
    append(&place.store, "alice", &[increased(1), increased(2)]).await;
    append(&place.store, "bob", &[increased(11)]).await;
    let relay = place.relay().spawn();
    let status = until(&relay, |status| status.parked == 2).await;
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    assert_eq!((status.ready, status.state), (0, RelayState::Running));
    // What comes later in the stream stays behind it; other streams go on.
    let of_alice = append(&place.store, "alice", &[increased(3)]).await;
    append(&place.store, "bob", &[increased(12)]).await;
    assert!(matches!(relay.wait_for(of_alice).await, Err(RelayError::Parked { .. })));
    until(&relay, |status| status.parked == 3 && status.sent == 2).await;
    assert_eq!(cents(&place.publisher), [1100, 1200]);
    let parked = relay.parked(None, 10).await.unwrap();
    assert_eq!(parked.iter().map(|message| message.attempts).collect::<Vec<_>>(), [3, 0, 0]);
    assert_eq!(parked[0].error.as_deref(), Some("it breaks"));
    assert_eq!(parked[1].error, None);
    assert_eq!(relay.parked(Some(parked[0].key), 1).await.unwrap(), parked[1..2]);
    // The next relay knows as well.
    relay.stop().await.unwrap();
    let relay = place.relay().spawn();
    append(&place.store, "alice", &[increased(4)]).await;
    until(&relay, |status| status.parked == 4).await;
    place.publisher.succeed();
    assert_eq!(relay.replay_parked().await.unwrap(), 4);
    relay.wait_for(append(&place.store, "bob", &[increased(13)]).await).await.unwrap();
    assert_eq!(cents(&place.publisher), [1100, 1200, 100, 200, 300, 400, 1300]);
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_parked_is_tried_again_when_all_is_published_once_more() {
    let place = Place::new();
    place.fail("alice", 1, || PublishError::refused("never"));
    append(&place.store, "alice", &[increased(1), increased(2)]).await;
    let relay = place.relay().spawn();
    until(&relay, |status| status.parked == 2).await;
    relay.republish().await.unwrap();
    relay.wait_for(place.store.head().await.unwrap()).await.unwrap();
    assert_eq!(cents(&place.publisher), [100, 200]);
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_refused_is_tried_once_and_can_be_discarded() {
    let place = Place::new();
    let tries = place.fail("alice", 1, || PublishError::refused("never"));
    append(&place.store, "alice", &[increased(1), increased(2)]).await;
    let relay = place.relay().spawn();
    until(&relay, |status| status.parked == 2).await;
    assert_eq!(tries.load(Ordering::SeqCst), 1);
    let parked = relay.parked(None, 10).await.unwrap();
    assert!(!relay.discard("no such id").await.unwrap());
    assert!(!relay.discard("").await.unwrap());
    assert!(relay.discard(&parked[0].id).await.unwrap());
    relay.wait_for(append(&place.store, "alice", &[increased(3)]).await).await.unwrap();
    assert_eq!(cents(&place.publisher), [200, 300]);
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn a_relay_that_is_to_stop_at_a_failure_does_and_goes_on_when_it_is_resumed() {
    let place = Place::new();
    place.fail("alice", u32::MAX, || "it breaks".into());
    append(&place.store, "bob", &[increased(11)]).await;
    let position = append(&place.store, "alice", &[increased(1)]).await;
    let relay = place.relay().on_failure(OnFailure::Stop).spawn();
    let error = relay.wait_for(position).await.unwrap_err();
    assert!(matches!(error, RelayError::Message { attempts: 3, .. }), "{error:?}");
    assert!(error.to_string().starts_with("`bank` cannot send `com.example.bank.money-in.v1` `"), "{error}");
    assert_eq!(relay.status().state, RelayState::Failed);
    place.publisher.succeed();
    relay.resume().await.unwrap();
    relay.wait_for(position).await.unwrap();
    assert_eq!(cents(&place.publisher), [1100, 100]);
    assert!(relay.status().last_error.is_none());
    relay.stop().await.unwrap();
}

/// As a gateway does whose service is down.
#[tokio::test]
async fn a_receiver_that_fails_with_everything_is_waited_for_and_nothing_is_parked() {
    let place = Place::new();
    let failures = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&failures);
    place.publisher.fail_when(move |_| {
        (counted.fetch_add(1, Ordering::SeqCst) < 7).then(|| PublishError::failed("it answers 500"))
    });
    for stream in ["alice", "bob", "carol", "dave"] {
        append(&place.store, stream, &[increased(1), increased(2)]).await;
    }
    let position = append(&place.store, "erin", &[increased(3)]).await;
    // By itself, each message would be parked now that two streams have failed twice.
    let relay = place.relay().retry(Retry { attempts: 2, ..RETRY }).spawn();
    relay.wait_for(position).await.unwrap();
    let status = until(&relay, |status| status.sent == 9).await;
    assert_eq!(status.parked, 0);
    assert_eq!(failures.load(Ordering::SeqCst), 7 + 9);
    relay.stop().await.unwrap();

    // What ends by itself says so instead of waiting for ever.
    place.publisher.fail_when(|_| Some(PublishError::failed("it answers 500")));
    for stream in ["alice", "bob", "carol", "dave", "erin", "frank"] {
        append(&place.store, stream, &[increased(4)]).await;
    }
    let error = place.relay().run_to_head().await.unwrap_err();
    assert!(matches!(error, RelayError::Message { .. }), "{error:?}");
    place.publisher.succeed();
    place.relay().run_to_head().await.unwrap();
    assert_eq!(cents(&place.publisher).len(), 15);
}

#[tokio::test]
async fn a_receiver_that_begins_to_fail_amid_a_batch_is_waited_for_and_nothing_is_parked() {
    let place = Place::new();
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    place.publisher.fail_when(move |_| {
        (2..16).contains(&counted.fetch_add(1, Ordering::SeqCst)).then(|| PublishError::failed("it answers 500"))
    });
    for by in 1..=8 {
        append(&place.store, &format!("account-{by}"), &[increased(by)]).await;
    }
    let mut relay = place.relay().retry(Retry { attempts: 2, ..RETRY });
    relay.run_to_head().await.unwrap();
    assert_eq!((calls.load(Ordering::SeqCst), cents(&place.publisher).len()), (14 + 8, 8));
    assert!(relay.handle().parked(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_receiver_may_ask_to_be_left_alone_for_ever() {
    let place = Place::new();
    place.fail("alice", u32::MAX, || PublishError::unavailable("it is closed").after(Duration::MAX));
    append(&place.store, "alice", &[increased(1)]).await;
    let relay = place.relay().spawn();
    let status = until(&relay, |status| status.state != RelayState::Starting && status.last_error.is_some()).await;
    assert_eq!((status.state, status.retrying_streams), (RelayState::Retrying, 1));
    let position = append(&place.store, "bob", &[increased(2)]).await;
    until(&relay, |status| status.sent == 1).await;
    assert!(relay.status().position < position);
    relay.stop().await.unwrap();
}

/// Has the messages of some streams fail, and counts their tries.
fn fail_with_bad_ones(place: &Place) -> Arc<AtomicU32> {
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    place.publisher.fail_when(move |message| {
        let is_bad = message.stream.id().starts_with("bad");
        is_bad.then(|| {
            counted.fetch_add(1, Ordering::SeqCst);
            "it breaks".into()
        })
    });
    tries
}

#[tokio::test]
async fn a_few_messages_that_fail_behind_many_that_are_sent_are_parked_after_their_tries() {
    let place = Place::new();
    let tries = fail_with_bad_ones(&place);
    for by in 1..=100 {
        append(&place.store, &format!("account-{by}"), &[increased(by)]).await;
    }
    for bad in ["bad-1", "bad-2", "bad-3"] {
        append(&place.store, bad, &[increased(1)]).await;
    }
    let mut relay = place.relay();
    relay.run_to_head().await.unwrap();
    assert_eq!((cents(&place.publisher).len(), tries.load(Ordering::SeqCst)), (100, 9));
    let parked = relay.handle().parked(None, 10).await.unwrap();
    assert_eq!(parked.iter().map(|message| message.attempts).collect::<Vec<_>>(), [3, 3, 3]);
}

#[tokio::test]
async fn a_few_messages_that_fail_are_parked_in_the_end_though_there_are_no_others() {
    for on_failure in [OnFailure::Park, OnFailure::Stop] {
        let place = Place::new();
        let tries = fail_with_bad_ones(&place);
        for bad in ["bad-1", "bad-2", "bad-3"] {
            append(&place.store, bad, &[increased(1), increased(2)]).await;
        }
        let mut relay = place.relay().on_failure(on_failure);
        let ended = relay.run_to_head().await;
        let parked = relay.handle().parked(None, 10).await.unwrap();
        // Once together, then one by one while it may be the receiver, then each as often as it is to be.
        let tries = tries.load(Ordering::SeqCst);
        assert!((3 + 5 + 3..=3 + 5 + 9).contains(&tries), "{tries}");
        match on_failure {
            OnFailure::Park => assert!(ended.is_ok() && parked.len() == 6, "{ended:?}, {parked:?}"),
            _ => {
                assert!(matches!(ended, Err(RelayError::Message { .. })) && parked.is_empty(), "{ended:?}, {parked:?}");
            }
        }
    }
}

#[tokio::test]
async fn messages_that_fail_for_good_are_parked_though_they_are_many_once_another_one_is_taken() {
    let place = Place::new();
    place.publisher.fail_when(|message| (message.stream.id() != "zoe").then(|| "it breaks".into()));
    for stream in ["alice", "bob", "carol", "dave"] {
        append(&place.store, stream, &[increased(1)]).await;
    }
    append(&place.store, "zoe", &[increased(2)]).await;
    let relay = place.relay().spawn();
    let status = until(&relay, |status| status.parked == 4).await;
    assert_eq!(status.sent, 1);
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_waited_for() {
    let place = Place::new();
    let left = Arc::new(AtomicU32::new(8));
    let counted = Arc::clone(&left);
    // More often than a message that fails is tried.
    place.publisher.fail_when(move |_| {
        let away = counted.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        away.then(|| PublishError::unavailable("nobody there").after(Duration::from_millis(1)))
    });
    for by in 1..=5 {
        append(&place.store, &format!("account-{by}"), &[increased(by), increased(10 + by)]).await;
    }
    let position = place.store.head().await.unwrap();
    let relay = place.relay().spawn();
    let status = until(&relay, |status| status.state == RelayState::Retrying).await;
    assert!(matches!(status.last_error, Some(RelayError::Message { .. })));
    relay.wait_for(position).await.unwrap();
    let sent = place.publisher.sent();
    assert_eq!((sent.len(), left.load(Ordering::SeqCst)), (10, 0));
    for by in 1..=5 {
        let stream = format!("account-{by}");
        let of_it: Vec<_> =
            sent.iter().filter(|message| message.stream.id() == stream).map(OutboxMessage::key).collect();
        assert!(of_it.len() == 2 && of_it.is_sorted(), "{stream}");
    }
    assert_eq!(relay.status().parked, 0);
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn an_event_without_a_public_form_stops_the_relay_before_it() {
    for by in [666, 999] {
        let place = Place::new();
        let before = append(&place.store, "alice", &[increased(1)]).await;
        let position = append(&place.store, "alice", &[increased(by), increased(2)]).await;
        let relay = place.relay().spawn();
        let error = relay.wait_for(position).await.unwrap_err();
        assert!(matches!(error, RelayError::Feed { .. }), "{error:?}");
        assert_eq!(relay.status().state, RelayState::Failed);
        until(&relay, |status| status.position >= before).await;
        assert_eq!(cents(&place.publisher), [100]);
        // Tried again it fails again: nothing is skipped.
        relay.resume().await.unwrap();
        relay.wait_for(position).await.unwrap_err();
        assert_eq!(cents(&place.publisher), [100]);
        relay.stop().await.unwrap_err();
    }
}

/// Panics, never answers, or loses what it was given before the flush.
struct Broken(AtomicU32, TestPublisher);

impl Publisher for Broken {
    async fn send(&self, message: &OutboxMessage) -> Result<(), PublishError> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => panic!("it panics"),
            1 => std::future::pending().await,
            _ => self.1.send(message).await,
        }
    }

    async fn flush(&self) -> Result<(), PublishError> {
        if self.0.load(Ordering::SeqCst) == 3 {
            return Err("the disk is full".into());
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_publisher_that_panics_or_hangs_or_fails_to_flush_has_its_messages_sent_again() {
    let place = Place::new();
    let position = append(&place.store, "alice", &[increased(1)]).await;
    let broken = Broken(AtomicU32::new(0), place.publisher.clone());
    let retry = Retry { attempts: 10, ..RETRY };
    let relay = Relay::from_start(&place.store, &place.outbox, BankNews, broken).retry(retry);
    let relay = relay.timeout(Duration::from_millis(20)).spawn();
    relay.wait_for(position).await.unwrap();
    assert_eq!(cents(&place.publisher), [100, 100], "what was not flushed came again");
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn a_run_to_the_head_ends_while_nobody_is_there() {
    let place = Place::new();
    place.publisher.fail_when(|_| Some(PublishError::unavailable("nobody there")));
    append(&place.store, "alice", &[increased(1), increased(2)]).await;
    append(&place.store, "bob", &[increased(3)]).await;
    let mut relay = place.relay();
    for _ in 0..2 {
        let ended = tokio::time::timeout(Duration::from_mins(1), relay.run_to_head()).await.expect("it ends");
        assert!(matches!(ended, Err(RelayError::Message { .. })), "{ended:?}");
    }
    place.publisher.fail_when(|_| None);
    relay.run_to_head().await.unwrap();
    assert_eq!(cents(&place.publisher), [100, 200, 300]);
}
