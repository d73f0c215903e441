//! A publication that is corrected, and what is made anew of it.

use std::sync::Arc;
use std::time::Duration;

use es_core::prelude::*;
use es_core::testing::{MemoryOutbox, TestPublisher};
use es_core::{Ended, MemoryStore, OutboxMessage, OutboxStore, PublishError, Publisher, ReadStore, Work};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;

use crate::domain::{BankNews, Increased, append, increased};
use crate::relay::cents;
use crate::store_failures::{Faulty, emptied};

#[derive(Serialize)]
struct Paid {
    cents: u64,
}

impl PublicEvent for Paid {
    const NAME: &'static str = "com.example.bank.paid";
}

/// As it was: what is told as cents are none.
#[derive(Publish)]
#[publish(name = "bank", source = "https://bank.example/accounts", events(Increased))]
struct Mistaken;

impl ToPublic<Increased> for Mistaken {
    fn to_public(&self, recorded: &Recorded<Increased>, news: &mut PublicEvents) -> Published {
        news.add(Paid { cents: recorded.event.by })
    }
}

/// As it is to be: ones are nobody's business.
#[derive(Publish)]
#[publish(name = "bank", source = "https://bank.example/accounts", events(Increased))]
struct Corrected;

impl ToPublic<Increased> for Corrected {
    fn to_public(&self, recorded: &Recorded<Increased>, news: &mut PublicEvents) -> Published {
        match recorded.event.by {
            1 => Ok(()),
            by => news.add(Paid { cents: by * 100 }),
        }
    }
}

async fn ready(outbox: &MemoryOutbox) -> Vec<u64> {
    let read: Work<_, _> =
        Box::new(|tx| Box::pin(async move { Ended::RollBack(MemoryOutbox::ready(tx, "bank", &[], 100).await) }));
    let messages = outbox.transact(read).await.unwrap().unwrap();
    messages.iter().map(|message| message.data::<serde_json::Value>().unwrap()["cents"].as_u64().unwrap()).collect()
}

/// Has the outbox filled as it was, while nobody takes anything.
async fn fill(store: &MemoryStore, outbox: &MemoryOutbox, on_failure: OnFailure) {
    let publisher = TestPublisher::new();
    publisher.fail_when(|_| Some(PublishError::refused("not now")));
    let mut relay = Relay::from_start(store, outbox, Mistaken, publisher).on_failure(on_failure);
    // One that is to stop does so at the first message.
    assert_eq!(relay.run_to_head().await.is_ok(), on_failure == OnFailure::Park);
}

/// Waits until it is so, and not for ever.
async fn soon(is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("it did not come to that");
}

/// Says that it has a message in hand, and takes it when it may.
struct Slow(UnboundedSender<()>, Arc<Semaphore>, TestPublisher);

impl Publisher for Slow {
    async fn send(&self, message: &OutboxMessage) -> Result<(), PublishError> {
        self.0.send(())?;
        self.1.acquire().await?.forget();
        self.2.send(message).await
    }
}

#[tokio::test]
async fn what_is_made_anew_while_the_former_is_being_sent_is_sent_too() {
    for keep in [false, true] {
        let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
        let last = append(&store, "alice", &[increased(2), increased(3), increased(4)]).await;
        fill(&store, &outbox, OnFailure::Stop).await;
        assert_eq!(ready(&outbox).await, [2, 3, 4]);
        let (tell, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let may_go = Arc::new(Semaphore::new(0));
        let slow = Slow(tell, Arc::clone(&may_go), publisher.clone());
        let mut relay = Relay::from_start(&store, &outbox, Corrected, slow);
        if keep {
            relay = relay.keep_sent(Duration::from_hours(1));
        }
        let relay = relay.spawn();
        begun.recv().await.unwrap();
        let asking = relay.clone();
        let asked = tokio::spawn(async move { asking.republish().await });
        soon(async || ready(&outbox).await == [200, 300, 400]).await;
        may_go.add_permits(100);
        asked.await.unwrap().unwrap();
        relay.wait_for(last).await.unwrap();
        assert_eq!(cents(&publisher), [2, 3, 4, 200, 300, 400]);
        relay.stop().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_being_sent_while_all_is_made_anew_comes_again_though_it_is_the_same() {
    for (keep, batch) in [(false, 256), (true, 256), (false, 2)] {
        let (store, outbox, publisher) = (MemoryStore::new(), Faulty::default(), TestPublisher::new());
        let last = append(&store, "alice", &[increased(1), increased(2), increased(3)]).await;
        let (tell, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let may_go = Arc::new(Semaphore::new(1));
        let slow = Slow(tell, Arc::clone(&may_go), publisher.clone());
        let mut relay = Relay::from_start(&store, &outbox, BankNews, slow).batch(batch);
        if keep {
            relay = relay.keep_sent(Duration::from_hours(1));
        }
        let relay = relay.spawn();
        // One was sent, which is not noted, and another one is on its way.
        begun.recv().await.unwrap();
        begun.recv().await.unwrap();
        let (asking, before) = (relay.clone(), emptied());
        let asked = tokio::spawn(async move { asking.republish().await });
        soon(async || emptied() > before && ready(&outbox.0).await.len() == 3).await;
        may_go.add_permits(100);
        asked.await.unwrap().unwrap();
        relay.wait_for(last).await.unwrap();
        let sent = cents(&publisher);
        assert!(sent.ends_with(&[100, 200, 300]) && sent.len() > 3, "keep: {keep}, {batch} at a time: {sent:?}");
        relay.stop().await.unwrap();
    }
}

#[tokio::test]
async fn who_waits_after_all_was_made_anew_waits_until_it_was_sent() {
    let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
    let relay = Relay::from_start(&store, &outbox, BankNews, publisher.clone()).spawn();
    let last = append(&store, "alice", &[increased(1), increased(2)]).await;
    relay.wait_for(last).await.unwrap();
    relay.pause().await.unwrap();
    relay.republish().await.unwrap();
    assert!(relay.status().position < last, "{:?}", relay.status());
    assert_eq!(relay.status().ready, 2);
    let waiting = relay.clone();
    let waited = tokio::spawn(async move { waiting.wait_for(last).await });
    relay.resume().await.unwrap();
    waited.await.unwrap().unwrap();
    assert_eq!(cents(&publisher), [100, 200, 100, 200]);
    relay.stop().await.unwrap();
}

#[tokio::test]
async fn what_the_publication_makes_no_more_is_not_sent_when_all_is_published_once_more() {
    for on_failure in [OnFailure::Stop, OnFailure::Park] {
        let (store, outbox, publisher) = (MemoryStore::new(), MemoryOutbox::new(), TestPublisher::new());
        append(&store, "alice", &[increased(1), increased(2)]).await;
        let last = append(&store, "bob", &[increased(1)]).await;
        fill(&store, &outbox, on_failure).await;
        publisher.fail_when(|_| Some(PublishError::unavailable("nobody there")));
        let relay = Relay::from_start(&store, &outbox, Corrected, publisher.clone()).spawn();
        relay.republish().await.unwrap();
        assert_eq!(ready(&outbox).await, [200]);
        publisher.succeed();
        relay.wait_for(last).await.unwrap();
        assert_eq!((cents(&publisher), relay.status().parked), (vec![200], 0), "{on_failure:?}");
        relay.stop().await.unwrap();
    }
}
