//! Random appends and commands, by a printed seed, on a journal, an outbox's publisher and a relay that fail: each message
//! arrives, in the order of its stream, and what comes twice is the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use es_core::prelude::*;
use es_core::testing::{MemoryOutbox, TestPublisher};
use es_core::{OutboxMessage, PublishError, Publisher, Retry};

use crate::domain::{BankNews, append, increased};
use crate::faulty::{Fault, FaultyStore};

/// `SplitMix64`: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

const RETRY: Retry = Retry { attempts: 3, wait: Duration::from_millis(2), longest_wait: Duration::from_millis(20) };

/// Takes messages and says that it did not, or does not take them, or panics, or fails to flush.
struct Unsure(TestPublisher, Arc<Mutex<Random>>);

impl Publisher for Unsure {
    async fn send(&self, message: &OutboxMessage) -> Result<(), PublishError> {
        let fault = self.1.lock().unwrap().below(40);
        match fault {
            0 => Err(PublishError::unavailable("nobody there")),
            1 => Err("it fails".into()),
            2 => Err(PublishError::refused("never")),
            3 => {
                self.0.send(message).await?;
                Err("the answer got lost".into())
            }
            4 => panic!("it panics"),
            _ => self.0.send(message).await,
        }
    }

    async fn flush(&self) -> Result<(), PublishError> {
        if self.1.lock().unwrap().below(10) == 0 {
            return Err("the flush fails".into());
        }
        Ok(())
    }
}

#[derive(Default, Debug)]
struct Totals {
    messages: usize,
    again: usize,
    replayed: u64,
    restarted: u32,
}

async fn run(seed: u64, steps: u64, totals: &mut Totals) {
    let mut random = Random(seed);
    let memory = es_core::MemoryStore::new();
    let journal = FaultyStore::on(memory.clone());
    let (outbox, publisher) = (MemoryOutbox::new(), TestPublisher::new());
    let faults = Arc::new(Mutex::new(Random(seed ^ 1)));
    let spawn = |lanes: usize| {
        let unsure = Unsure(publisher.clone(), Arc::clone(&faults));
        Relay::from_start(&journal, &outbox, BankNews, unsure).retry(RETRY).batch(5).at_once(lanes).spawn()
    };
    let mut relay = spawn(1);
    for step in 0..steps {
        match random.below(12) {
            0 => journal.reads.lock().unwrap().push_back(Fault::Fail),
            1 => {
                relay.stop().await.unwrap();
                relay = spawn(usize::try_from(1 + random.below(3)).unwrap());
                totals.restarted += 1;
            }
            2 => {
                relay.pause().await.unwrap();
                relay.resume().await.unwrap();
            }
            3 => totals.replayed += relay.replay_parked().await.unwrap(),
            4 => tokio::time::sleep(Duration::from_millis(random.below(5))).await,
            _ => drop(
                append(
                    &memory,
                    ["alice", "bob", "carol"][usize::try_from(random.below(3)).unwrap()],
                    &[increased(step + 1)],
                )
                .await,
            ),
        }
    }
    let head = memory.head().await.unwrap();
    while relay.wait_for(head).await.is_err() {
        totals.replayed += relay.replay_parked().await.unwrap();
    }
    relay.stop().await.unwrap();
    // What is there is what the journal says, each for the first time in order.
    let mut first = BTreeMap::new();
    let mut streams: BTreeMap<StreamId, Vec<OutboxMessage>> = BTreeMap::new();
    for message in publisher.sent() {
        totals.messages += 1;
        if let Some(before) = first.insert(message.id.clone(), message.clone()) {
            totals.again += 1;
            assert_eq!(before, message, "seed {seed}: what comes again is the same");
        } else {
            streams.entry(message.stream.clone()).or_default().push(message);
        }
    }
    let mut expected = TestPublisher::new();
    Relay::from_start(&memory, &MemoryOutbox::new(), BankNews, expected.clone()).run_to_head().await.unwrap();
    for message in std::mem::take(&mut expected).sent() {
        let of_it = streams.get_mut(&message.stream).unwrap_or_else(|| panic!("seed {seed}: {} is lost", message.id));
        assert_eq!(of_it.remove(0), message, "seed {seed}");
    }
    assert!(streams.values().all(Vec::is_empty), "seed {seed}: nothing else was sent");
}

#[tokio::test]
async fn each_message_arrives_in_order_whatever_fails() {
    let soak = std::env::var_os("ES_SOAK").is_some_and(|value| value == "1");
    let given = std::env::var("ES_SEED").ok().map(|seed| seed.parse().unwrap());
    let first: u64 = given.unwrap_or_else(|| EventId::new().as_uuid().as_u64_pair().1);
    let (runs, steps) = if soak { (1_000, 200) } else { (20, 100) };
    let mut totals = Totals::default();
    // A panic of a publisher is one of its faults, and not to be read.
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some("it panics") {
            before(info);
        }
    }));
    for seed in (first..).take(if given.is_some() { 1 } else { runs }) {
        let ended = tokio::time::timeout(Duration::from_mins(5), run(seed, steps, &mut totals)).await;
        ended.unwrap_or_else(|_| panic!("seed {seed} does not end"));
    }
    println!("seed {first}: {totals:?}");
    assert!(totals.again > 0 && totals.restarted > 0);
}
