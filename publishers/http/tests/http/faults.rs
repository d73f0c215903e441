//! A receiver that fails, delays, and drops connections, also after it has taken the request, by a printed seed: each message
//! arrives, in the order of its stream, and what comes again has the same id and the same content.

use std::collections::BTreeMap;
use std::time::Duration;

use es_core::prelude::*;
use es_core::testing::{MemoryOutbox, TestPublisher};
use es_core::{MemoryStore, Retry};
use es_http::HttpPublisher;

use crate::domain::{BankNews, increase};
use crate::receiver::{Answer, Receiver};

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

fn answer(random: &mut Random) -> Answer {
    match random.below(20) {
        0 => Answer::Status(500, ""),
        1 => Answer::Status(503, "retry-after: 0\r\n"),
        2 => Answer::Status(429, ""),
        3 => Answer::DropBefore,
        4 => Answer::DropAfter,
        5 => Answer::Torn,
        6 => Answer::Late(Duration::from_millis(400)),
        7 => Answer::Status(502, "connection: close\r\n"),
        _ => Answer::OK,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_message_arrives_in_order_whatever_the_receiver_does() {
    let given = std::env::var("ES_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed: u64 = given.unwrap_or_else(|| EventId::new().as_uuid().as_u64_pair().1);
    let soak = std::env::var_os("ES_SOAK").is_some_and(|value| value == "1");
    let events = if soak { 5_000 } else { 150 };
    let (store, outbox) = (MemoryStore::new(), MemoryOutbox::new());
    for by in 1..=events {
        increase(&store, ["alice", "bob", "carol", "dave"][usize::try_from(by % 4).unwrap()], by).await;
    }
    let mut random = Random(seed);
    let receiver = Receiver::new(move || answer(&mut random)).await;
    let publisher = HttpPublisher::new(&receiver.address).unwrap().timeout(Duration::from_millis(200));
    let retry = Retry { attempts: u32::MAX, wait: Duration::from_millis(1), longest_wait: Duration::from_millis(20) };
    let relay = Relay::from_start(&store, &outbox, BankNews, publisher).retry(retry).at_once(3).batch(20).spawn();
    let sent = relay.wait_for(store.head().await.unwrap());
    tokio::time::timeout(Duration::from_mins(5), sent).await.unwrap_or_else(|_| panic!("seed {seed} ends")).unwrap();
    relay.stop().await.unwrap();
    // What a receiver makes of it that remembers ids.
    let mut known = BTreeMap::new();
    let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let taken = receiver.taken();
    for request in &taken {
        let event: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        if let Some(before) = known.insert(text("id"), request.body.clone()) {
            assert_eq!(before, request.body, "seed {seed}: what comes again is the same");
        } else {
            streams.entry(text("partitionkey")).or_default().push(request.body.clone());
        }
    }
    let expected = TestPublisher::new();
    Relay::from_start(&store, &MemoryOutbox::new(), BankNews, expected.clone()).run_to_head().await.unwrap();
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in expected.sent() {
        all.entry(message.stream.to_string()).or_default().push(message.json);
    }
    assert_eq!(streams, all, "seed {seed}");
    println!("seed {seed}: {} requests taken for {events} messages", taken.len());
    assert!(taken.len() > usize::try_from(events).unwrap(), "some came again");
}
