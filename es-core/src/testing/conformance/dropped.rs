//! J16: an append whose future is dropped happens as a whole or not at all.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::given::{Random, accepted, account, events, part, seed};
use super::harness::{Harness, did, open, soak};
use super::seen::{after, ids, of_stream};
use crate::journal::{Append, ExpectedVersion, Filter, Journal, PageSize};

/// Polls a future `polls` times, and drops it. The runtime's other tasks run between two polls.
pub(super) async fn polled<F: Future>(future: F, polls: u64) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let ready = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(output) = ready {
            return Some(output);
        }
        tokio::task::yield_now().await;
    }
    None
}

pub(super) async fn j16_an_append_whose_future_is_dropped_happens_as_a_whole_or_not_at_all<H: Harness>(place: H) {
    let store = open(&place).await;
    let seed = seed();
    let mut random = Random::new(seed);
    let rounds = if soak() { 50_000 } else { 1_000 };
    let (mut answered, mut found) = (0, 0);
    for round in 0..rounds {
        // New streams now and then, so that reading them is no work.
        let streams = ["alice", "bob"].map(|name| account(&format!("{name} {}", round / 50)));
        let version = round % 50 * 3;
        let append = Append {
            streams: vec![
                part(&streams[0], ExpectedVersion::Exact(version), events(3)),
                part(&streams[1], ExpectedVersion::Exact(version), events(3)),
            ],
        };
        let before = store.head().await.unwrap();
        let appending = store.append(append.clone());
        let answer = match round {
            0..=64 => polled(appending, round).await,
            _ if random.chance(50) => polled(appending, random.below(64)).await,
            _ => tokio::time::timeout(Duration::from_micros(random.below(2_000)), appending).await.ok(),
        };
        answered += u64::from(answer.is_some_and(|answer| answer.is_ok()));
        let there = after(&store, before, &Filter::all(), PageSize::default()).await;
        assert!(matches!(there.len(), 0 | 6), "seed {seed}: {} of 6 events of a dropped append are there", there.len());
        found += u64::from(!there.is_empty());

        // The same append finds out, and leaves each event once; the next round goes on from there.
        accepted(&store, append.clone()).await;
        for (stream, part) in streams.iter().zip(&append.streams) {
            let ids_there = ids(&of_stream(&store, stream).await);
            assert_eq!(ids_there.len() as u64, version + 3, "seed {seed}");
            let given = part.events.iter().map(|event| event.id);
            assert!(given.eq(ids_there[ids_there.len() - 3..].iter().copied()), "seed {seed}");
        }
    }
    did(format_args!("{rounds} appends dropped: {answered} after their answer, {found} found written, seed {seed}"));
}
