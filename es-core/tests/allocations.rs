//! How often the hot paths allocate: a guard on their speed that does not depend on the clock.
#![allow(missing_docs, reason = "a test")]

use std::alloc::System;
use std::future::Future;
use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use es_core::prelude::*;
use es_core::{Journal, Payload, SnapshotStore};
use serde::{Deserialize, Serialize};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// All threads are counted, so one test runs at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// How often something is done; what the harness does beside it is lost in the mean.
const TIMES: u32 = 2_000;

#[derive(Command, Debug, Clone)]
struct Add {
    by: u64,
}

/// An event without owned data.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "added")]
struct Added {
    by: u64,
    precise: f64,
    kind: Option<u8>,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "cleared")]
struct Cleared;

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

#[derive(Aggregate, Debug, Default, Clone, PartialEq)]
#[aggregate(name = "sum", commands(Add), events(Added, Cleared), error = Never)]
struct Sum {
    #[apply(Added => self.total + event.by)]
    #[apply(Cleared => 0)]
    total: u64,
}

impl Handle<Add> for Sum {
    fn handle(&self, command: Add, _: &Context) -> Decision<Self> {
        accept(Added { by: command.by, precise: 0.5, kind: Some(7) })
    }
}

fn alone<T>(test: impl FnOnce() -> T) -> T {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    test()
}

fn run<T>(test: impl Future<Output = T>) -> T {
    alone(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test))
}

/// The allocations of one of `times`, on average: new ones, and old ones that grow.
#[expect(clippy::cast_precision_loss, reason = "they are few")]
fn mean(region: &Region<'_, System>, times: u32) -> f64 {
    let change = region.change();
    (change.allocations + change.reallocations) as f64 / f64::from(times)
}

/// Fails where there are more allocations than there may be; what there are is seen with `--show-output`.
fn at_most(limit: f64, found: f64, what: &str) {
    println!("{what}: {found:.3} allocations");
    assert!(found <= limit, "{what}: {found:.3} allocations, more than the {limit} there may be");
}

#[test]
fn to_encode_an_event_allocates_nothing_in_a_buffer_that_has_room() {
    alone(|| {
        let event = SumEvent::from(Added { by: 7, precise: 0.25, kind: None });
        let mut bytes = Vec::with_capacity(1024);
        let region = Region::new(ALLOCATOR);
        for _ in 0..TIMES {
            bytes.clear();
            Sum::encode_event(black_box(&event), &mut bytes).unwrap();
        }
        at_most(0.05, mean(&region, TIMES), "encode");
    });
}

#[test]
fn to_decode_and_apply_an_event_without_owned_data_allocates_nothing() {
    alone(|| {
        let payload = Payload { format: "json", bytes: br#"{"by":7,"precise":0.25,"kind":null}"# };
        let mut sum = Sum::default();
        let region = Region::new(ALLOCATOR);
        for _ in 0..TIMES {
            let index = Sum::resolve(black_box("added")).unwrap();
            for event in &Sum::decode_event(index, 1, &payload).unwrap() {
                sum.apply_event(event);
            }
        }
        at_most(0.05, mean(&region, TIMES), "decode and apply");
        assert_eq!(sum.total, u64::from(TIMES) * 7);
    });
}

/// An event with owned data, with and without a history.
macro_rules! noted {
    ($name:ident $(, $event:meta, #[$field:meta])?) => {
        #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
        $(#[$event])?
        struct $name {
            $(#[$field])?
            text: String,
            tags: Vec<String>,
            at: u64,
        }
    };
}

noted!(Noted);
noted!(NotedLong, event(version = 3, removed(by: String, since = 3)), #[event(renamed(from = note, since = 2))]);

/// The allocations of reading one event of today.
fn read<E: Event>(payload: Payload<'_>) -> f64 {
    let region = Region::new(ALLOCATOR);
    for _ in 0..TIMES {
        black_box(E::decode::<Json>(E::MODEL.version, black_box(&payload)).unwrap());
    }
    mean(&region, TIMES)
}

#[test]
fn to_decode_an_event_of_today_costs_what_it_costs_without_a_history() {
    alone(|| {
        let payload = Payload { format: "json", bytes: br#"{"text":"a text","tags":["a","b"],"at":7}"# };
        let (without, with) = (read::<Noted>(payload), read::<NotedLong>(payload));
        at_most(without + 0.05, with, "decode, with a history");
        at_most(with + 0.05, without, "decode, without a history");
    });
}

#[test]
fn to_dispatch_a_command_allocates_nothing() {
    alone(|| {
        let (sum, context) = (Sum::default(), Context::new(Timestamp::UNIX_EPOCH, Metadata::default()));
        let region = Region::new(ALLOCATOR);
        for _ in 0..TIMES {
            black_box(sum.handle_command(black_box(Add { by: 7 }).into(), &context)).unwrap();
        }
        at_most(0.05, mean(&region, TIMES), "dispatch");
    });
}

/// Executes commands on an aggregate that is in the cache, and gives the allocations of one.
async fn commands<S: Journal + SnapshotStore + Clone>(store: &S) -> f64 {
    let sums = Repository::<Sum, _>::new(store);
    for _ in 0..100 {
        sums.execute("one", Add { by: 1 }).await.unwrap();
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..TIMES {
        sums.execute("one", Add { by: 1 }).await.unwrap();
    }
    mean(&region, TIMES)
}

#[test]
fn a_command_on_a_cached_aggregate_makes_a_handful_of_allocations() {
    run(async { at_most(8.0, commands(&MemoryStore::new()).await, "a command, in memory") });
}

/// Replays a stream, and gives the allocations for one of its events.
async fn replay<S: Journal + SnapshotStore + Clone>(store: &S) -> f64 {
    let sums = Repository::<Sum, _>::new(store);
    for _ in 0..TIMES {
        sums.execute("one", Add { by: 1 }).await.unwrap();
    }
    let fresh = Repository::<Sum, _>::new(store);
    let region = Region::new(ALLOCATOR);
    let loaded = fresh.load("one").await.unwrap();
    let found = mean(&region, TIMES);
    assert_eq!(loaded.version, u64::from(TIMES));
    found
}

#[test]
fn a_replayed_event_allocates_nothing_of_its_own() {
    run(async { at_most(0.05, replay(&MemoryStore::new()).await, "an event replayed from memory") });
}
