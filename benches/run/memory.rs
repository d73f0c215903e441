//! Workloads in memory.

use std::hint::black_box;
use std::time::Instant;

use es_core::prelude::*;
use es_core::{Journal, SnapshotStore};
use tokio::runtime::Runtime;

use crate::domain::{Account, Plain, PlainAccount, account, command};
use crate::history::decoded;
use crate::journal::append;
use crate::measure::{Effort, Maker, Slice, Workload, rate};

pub(crate) fn makers(runtime: &'static Runtime, effort: Effort) -> Vec<Maker> {
    vec![
        ("memory/one", Box::new(move || vec![one(runtime, effort)])),
        ("memory/many", Box::new(move || vec![many(runtime, effort)])),
        ("memory/replay", Box::new(move || vec![replayed(runtime, effort)])),
        ("memory/history", Box::new(move || vec![decoded(effort)])),
    ]
}

/// How many clients there are, where that is varied.
pub(crate) const CLIENTS: [u64; 4] = [1, 16, 64, 256];

fn one(runtime: &'static Runtime, effort: Effort) -> Workload {
    let workload = Workload::new("memory/one", "commands on one aggregate, by the events that it has").target(0.95);
    effort.prior.iter().copied().fold(workload, |workload, prior| {
        workload.subject_at("es", "events before", prior, format!("es, {prior} events before"), move || {
            runtime.block_on(one_aggregate(MemoryStore::new(), prior, effort))
        })
    })
}

fn many(runtime: &'static Runtime, effort: Effort) -> Workload {
    let workload = Workload::new("memory/many", "commands over 1,000 aggregates");
    [1, 16].into_iter().fold(workload, |workload, clients| {
        workload.subject_at("es", "clients", clients, format!("es, {}", of_clients(clients)), move || {
            runtime.block_on(many_aggregates(MemoryStore::new(), clients, Spread::NEW, effort))
        })
    })
}

pub(crate) fn of_clients(clients: u64) -> String {
    if clients == 1 { "1 client".to_owned() } else { format!("{clients} clients") }
}

fn replayed(runtime: &'static Runtime, effort: Effort) -> Workload {
    let events = 100_000 / effort.divisor;
    Workload::new("memory/replay", format!("events of one stream of {events}, from JSON"))
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
        warm_up(&accounts, 1).await;
        let (mut slice, mut number) = (Slice::new(effort.slice), prior);
        while slice.goes_on() {
            black_box(accounts.execute(&id, command(number)).await.expect("a command"));
            number += 1;
        }
        slice.rate()
    };
    tokio::spawn(client).await.expect("the client ends")
}

/// Which accounts the commands are for: a thousand, as far apart in the journal as they can be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread(u64);

impl Spread {
    /// Accounts without events.
    pub(crate) const NEW: Self = Self(1);

    /// Accounts out of so many.
    pub(crate) fn over(streams: u64) -> Self {
        Self((streams / 1_000).max(1))
    }

    pub(crate) fn account(self, number: u64) -> String {
        account(number * self.0)
    }
}

/// Commands of some clients, each on aggregates of its own.
pub(crate) async fn many_aggregates<S>(store: S, clients: u64, spread: Spread, effort: Effort) -> f64
where
    S: Journal + SnapshotStore + Clone,
{
    let accounts = Repository::<Account, _>::new(&store);
    let own = (1_000 / clients).max(1);
    // The states are at hand, as those of the baselines are.
    for number in 0..clients * own {
        accounts.load(spread.account(number)).await.expect("it loads");
    }
    warm_up(&accounts, clients).await;
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..clients {
        let accounts = accounts.clone();
        tasks.spawn(async move {
            let (mut slice, mut number) = (Slice::new(effort.slice), 0);
            while slice.goes_on() {
                let id = spread.account(client * own + number % own);
                black_box(accounts.execute(&id, command(number / own)).await.expect("a command"));
                number += 1;
            }
            slice.count
        });
    }
    rate(tasks.join_all().await.iter().sum(), started)
}

/// A command of each client on an aggregate that is not measured: connections are made and statements prepared.
async fn warm_up<S: Journal + SnapshotStore + Clone>(accounts: &Repository<Account, S>, clients: u64) {
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..clients {
        let accounts = accounts.clone();
        tasks.spawn(async move {
            accounts.execute(format!("warm-up-{client}"), command(0)).await.expect("a command");
        });
    }
    tasks.join_all().await;
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
