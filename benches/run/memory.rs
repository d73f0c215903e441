//! Workloads in memory.

use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

use es_core::prelude::*;
use es_core::{Journal, SnapshotStore};
use tokio::runtime::Runtime;

use crate::domain::{Account, AccountEvent, Plain, PlainAccount, account, command, event};
use crate::history::decoded;
use crate::measure::{Effort, Maker, Slice, Workload, rate};

pub(crate) fn makers(runtime: &'static Runtime, effort: Effort) -> Vec<Maker> {
    vec![
        ("memory/one", Box::new(move || vec![one(runtime, effort)])),
        ("memory/many", Box::new(move || vec![many(runtime, effort)])),
        ("memory/replay", Box::new(move || vec![replayed(runtime, effort)])),
        ("memory/history", Box::new(move || vec![decoded(effort)])),
    ]
}

fn one(runtime: &'static Runtime, effort: Effort) -> Workload {
    let prior = 10_000 / effort.divisor;
    let work = |prior| move || runtime.block_on(one_aggregate(MemoryStore::new(), prior, effort));
    Workload::new("memory/one", "commands a second on one aggregate, by the events that it has")
        .target(0.95)
        .subject("es, no events before", work(0))
        .subject(format!("es, {prior} events before"), work(prior))
}

fn many(runtime: &'static Runtime, effort: Effort) -> Workload {
    let work = |clients| move || runtime.block_on(many_aggregates(MemoryStore::new(), clients, effort));
    Workload::new("memory/many", "commands a second over 1,000 aggregates")
        .subject("es, 1 client", work(1))
        .subject("es, 16 clients", work(16))
}

fn replayed(runtime: &'static Runtime, effort: Effort) -> Workload {
    let events = 100_000 / effort.divisor;
    Workload::new("memory/replay", format!("events a second, one stream of {events} from JSON"))
        .target(0.8)
        .subject("by hand: decode and apply", raw_replay(events))
        .subject("es: load", replay(runtime, events))
}

/// Commands of one client on one aggregate.
pub(crate) async fn one_aggregate<S>(store: S, prior: u64, effort: Effort) -> f64
where
    S: Journal + SnapshotStore + Clone,
{
    let client = async move {
        let accounts = Repository::<Account, _>::new(&store);
        append(&store, prior, 0..1).await;
        let id = account(0);
        accounts.load(&id).await.expect("it loads");
        let (mut slice, mut number) = (Slice::new(effort.slice), prior);
        while slice.goes_on() {
            black_box(accounts.execute(&id, command(number)).await.expect("a command"));
            number += 1;
        }
        slice.rate()
    };
    tokio::spawn(client).await.expect("the client ends")
}

/// Commands of some clients, each on aggregates of its own.
pub(crate) async fn many_aggregates<S>(store: S, clients: u64, effort: Effort) -> f64
where
    S: Journal + SnapshotStore + Clone,
{
    let accounts = Repository::<Account, _>::new(&store);
    let own = (1_000 / clients).max(1);
    // The states are at hand, as those of the baselines are.
    for number in 0..clients * own {
        accounts.load(account(number)).await.expect("it loads");
    }
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..clients {
        let accounts = accounts.clone();
        tasks.spawn(async move {
            let (mut slice, mut number) = (Slice::new(effort.slice), 0);
            while slice.goes_on() {
                let id = account(client * own + number % own);
                black_box(accounts.execute(&id, command(number / own)).await.expect("a command"));
                number += 1;
            }
            slice.count
        });
    }
    rate(tasks.join_all().await.iter().sum(), started)
}

fn raw_replay(events: u64) -> impl FnMut() -> f64 {
    let payloads: Vec<Vec<u8>> = (0..events).map(|number| Plain::new(number).json()).collect();
    move || {
        let (started, mut account) = (Instant::now(), PlainAccount::default());
        for payload in &payloads {
            account.apply(&serde_json::from_slice(payload).expect("it was written as such"));
        }
        assert_eq!(black_box(account).count, events);
        rate(events, started)
    }
}

fn replay(runtime: &'static Runtime, events: u64) -> impl FnMut() -> f64 {
    let store = MemoryStore::new();
    runtime.block_on(append(&store, events, 0..1));
    move || runtime.block_on(load(&store, events))
}

/// Loads the first account without a cache.
pub(crate) async fn load<S: Journal + SnapshotStore + Clone>(store: &S, events: u64) -> f64 {
    let store = store.clone();
    let client = async move {
        let accounts = Repository::<Account, _>::new(&store);
        let started = Instant::now();
        let loaded = accounts.load(account(0)).await.expect("it loads");
        assert_eq!((loaded.version, loaded.state.count), (events, events));
        rate(events, started)
    };
    tokio::spawn(client).await.expect("the client ends")
}

/// Appends events to some streams in turn, in appends of as many as may be.
pub(crate) async fn append<S: Journal + Clone>(store: &S, events: u64, streams: Range<u64>) {
    let in_order = streams.end - streams.start == 1;
    let batches = batches(events, streams);
    // As many under way as a program that imports would have.
    let mut tasks = tokio::task::JoinSet::new();
    for batch in batches {
        if tasks.len() >= 8 {
            tasks.join_next().await.expect("there are some").expect("the append ends");
        }
        let store = store.clone();
        tasks.spawn(async move { drop(store.append(batch).await.expect("an append")) });
        if in_order {
            // In their order.
            tasks.join_next().await.expect("there is one").expect("the append ends");
        }
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("the append ends");
    }
}

/// The appends of `events` events to `streams` streams, encoded when they are asked for.
fn batches(events: u64, streams: Range<u64>) -> impl Iterator<Item = es_core::Append> {
    let per_stream = events / (streams.end - streams.start);
    let per_append = 1_000.min(per_stream).max(1);
    streams.flat_map(move |number| {
        let stream = StreamId::new("account", &account(number)).expect("a stream");
        (0..per_stream).step_by(usize::try_from(per_append).unwrap_or(1)).map(move |first| {
            let last = (first + per_append).min(per_stream);
            let events = (first..last).map(|number| new_event(&event(number))).collect();
            es_core::Append::to_stream(stream.clone(), es_core::ExpectedVersion::Exact(first), events)
        })
    })
}

fn new_event(event: &AccountEvent) -> es_core::NewEvent {
    let mut payload = Vec::with_capacity(96);
    let kind = <Account as es_core::Aggregate>::encode_event(event, &mut payload).expect("it has no maps");
    es_core::NewEvent {
        id: EventId::new(),
        name: kind.name.into(),
        version: kind.version,
        format: "json".into(),
        payload,
        metadata: std::sync::Arc::default(),
    }
}
