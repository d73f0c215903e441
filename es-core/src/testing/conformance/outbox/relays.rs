//! O8: relays.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::given::{Random, seed};
use super::super::harness::{did, soak};
use super::super::read_store::ReadHarness;
use super::super::read_store::model::{Added, Sum, filled};
use crate::event::{Position, Recorded};
use crate::journal::Journal;
use crate::projection::{OfAggregate, Routes};
use crate::publishing::{
    Feed, OutboxStore, PublicEvent, PublicEvents, Publish, Published, PublishedBy, Relay, ToPublic,
};
use crate::testing::TestPublisher;

/// What others are told: so much was added.
#[derive(serde::Serialize, serde::Deserialize, Debug)]
struct News {
    by: i64,
}

impl PublicEvent for News {
    const NAME: &'static str = "es.added";
}

/// Each third event is nobody's business, and each fifth is told twice.
struct Sums;

impl ToPublic<Added> for Sums {
    fn to_public(&self, recorded: &Recorded<Added>, events: &mut PublicEvents) -> Published {
        let by = recorded.event.0;
        for _ in 0..times(by) {
            events.add(News { by })?;
        }
        Ok(())
    }
}

fn times(by: i64) -> usize {
    match by {
        by if by % 5 == 0 => 2,
        by if by % 3 == 1 => 0,
        _ => 1,
    }
}

impl PublishedBy<Sums> for Added {}

impl Publish for Sums {
    const NAME: &'static str = "sums";
    const SOURCE: &'static str = "/sums";
    const FEED: &'static str = "sums@publish";
    const RELAY: &'static str = "sums@send";

    fn routes<S: OutboxStore>() -> Routes<Feed<Self, S>> {
        let mut routes = Routes::new();
        <Added as OfAggregate<Sum>>::route_each(&mut routes, <Self as ToPublic<Added>>::boxed::<S>);
        routes
    }
}

pub(super) async fn o8_each_message_is_sent_in_order_though_relays_end_at_any_moment<
    H: ReadHarness<Store: OutboxStore>,
>(
    place: H,
) {
    let store = place.open().await;
    let events = 1_500;
    let journal = filled(events).await;
    let publisher = TestPublisher::new();
    let seed = seed();
    let mut random = Random::new(seed);
    let ends = if soak() { 2_000 } else { 100 };
    let mut within = 0;
    for round in 0..ends {
        let relay = Relay::from_start(&journal, &store, Sums, publisher.clone()).batch([1, 7, 64][round % 3]);
        let handle = relay.handle();
        // A task that is aborted drops its relay wherever it waits; the transaction in hand goes on to its end.
        let task = tokio::spawn(relay.run());
        tokio::time::sleep(Duration::from_micros(random.below(6_000 + 400 * round as u64))).await;
        task.abort();
        drop(task.await);
        within += usize::from(handle.status().position < Position::new(events.unsigned_abs()));
    }
    let relay = Relay::from_start(&journal, &store, Sums, publisher.clone()).spawn();
    relay
        .wait_for(journal.head().await.expect("the journal in memory answers"))
        .await
        .expect("the relay ends its work");
    relay.stop().await.expect("the relay has not failed");
    let sent = publisher.sent();
    let mut first = BTreeMap::new();
    let mut streams: BTreeMap<String, Vec<(Position, u32)>> = BTreeMap::new();
    let mut told: BTreeMap<i64, usize> = BTreeMap::new();
    for message in &sent {
        if let Some(before) = first.insert(message.id.clone(), message.clone()) {
            assert_eq!(before, *message, "what comes again is the same");
            continue;
        }
        streams.entry(message.stream.id().to_owned()).or_default().push((message.position, message.ordinal));
        *told.entry(message.data::<News>().expect("the data of a message").by).or_default() += 1;
    }
    for (stream, keys) in &streams {
        assert!(keys.is_sorted(), "the messages of {stream} are in order");
    }
    for by in 0..events {
        assert_eq!(told.get(&by).copied().unwrap_or(0), times(by), "messages of the event {by}");
    }
    let (count, again) = (first.len(), sent.len() - first.len());
    did(format_args!("{ends} relays ended, {within} in the midst of it, {count} messages, {again} twice, seed {seed}"));
}
