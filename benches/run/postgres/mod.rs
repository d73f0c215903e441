//! Workloads on PostgreSQL, on a private server, beside the same by hand.

mod large;
mod project;
mod raw;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use es_core::Projector;
use es_postgres::PostgresStore;
use es_postgres_server::{Database, Server};
use sqlx::PgConnection;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

pub(crate) use project::project_all;

use crate::journal::append;
use crate::latency;
use crate::measure::{Effort, Maker, Workload, rate};
use crate::memory::{CLIENTS, Spread, load, many_aggregates, of_clients, one_aggregate};
use crate::sqlite::Place;

static DATABASE: OnceLock<Database> = OnceLock::new();
static SCHEMA: AtomicU64 = AtomicU64::new(0);

/// The numbers of PostgreSQL.
fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("a small number")
}

/// The address of the one database, on a server that is started with the first call.
fn url() -> String {
    DATABASE.get_or_init(|| Server::shared().database()).url()
}

/// The name of a schema that is not there yet.
fn fresh() -> String {
    format!("es_{}", SCHEMA.fetch_add(1, Ordering::Relaxed))
}

/// A journal in a schema of its own.
async fn journal() -> PostgresStore {
    open(&fresh()).await
}

async fn open(schema: &str) -> PostgresStore {
    PostgresStore::builder().schema(schema).connect(&url()).await.expect("a journal")
}

/// What the figures depend on; `None` while there is no server.
pub(crate) fn facts() -> Option<String> {
    DATABASE.get().and_then(|_| Server::shared().facts().ok())
}

pub(crate) fn makers(runtime: &'static Runtime, place: &'static Place, effort: Effort) -> Vec<Maker> {
    vec![
        ("postgres/one", Box::new(move || effort.prior.iter().map(|prior| one(runtime, *prior, effort)).collect())),
        ("postgres/many", Box::new(move || CLIENTS.map(|clients| many(runtime, clients, effort)).into())),
        ("postgres/replay", Box::new(move || vec![replay(runtime, 100_000 / effort.divisor)])),
        ("postgres/project", Box::new(move || vec![projected(runtime, 200_000 / effort.divisor)])),
        ("postgres/view", Box::new(move || vec![viewed(runtime, 200_000 / effort.divisor)])),
        ("postgres/bulk", Box::new(move || vec![bulk(runtime, 100_000 / effort.divisor)])),
        ("postgres/latency", Box::new(move || vec![latency(runtime, effort)])),
        ("postgres/size", Box::new(move || vec![large::size(runtime, effort)])),
        ("postgres/growth", Box::new(move || large::growth(runtime, effort))),
        ("postgres/start", Box::new(move || vec![large::start(runtime, effort)])),
        ("postgres/memory", Box::new(move || vec![large::memory(runtime, place, effort)])),
    ]
}

/// Does something with a new journal.
fn with_store<F: Future<Output = f64>>(runtime: &Runtime, work: impl FnOnce(PostgresStore) -> F) -> f64 {
    runtime.block_on(async {
        let store = journal().await;
        let rate = work(store.clone()).await;
        store.close().await;
        rate
    })
}

fn one(runtime: &'static Runtime, prior: u64, effort: Effort) -> Workload {
    let axis = "events before";
    Workload::new("postgres/one", format!("commands on one aggregate, {prior} events before, 1 client"))
        .target(0.8)
        .subject_at("by hand", axis, prior, "sqlx, state at hand, one INSERT", move || {
            runtime
                .block_on(async { tokio::spawn(async move { raw::one_aggregate(&url(), prior, effort).await }).await })
                .expect("it ends")
        })
        .subject_at("es", axis, prior, "es", move || {
            with_store(runtime, |store| async move { one_aggregate(store, prior, effort).await })
        })
}

fn many(runtime: &'static Runtime, clients: u64, effort: Effort) -> Workload {
    Workload::new("postgres/many", format!("commands over 1,000 aggregates, {}", of_clients(clients)))
        .target(0.8)
        .subject_at("by hand", "clients", clients, "sqlx, joined appends", move || {
            runtime.block_on(async { raw::joined(raw::open(&url()).await, clients, Spread::NEW, effort).await })
        })
        .subject_at("es", "clients", clients, "es", move || {
            with_store(runtime, |store| async move { many_aggregates(store, clients, Spread::NEW, effort).await })
        })
}

fn latency(runtime: &'static Runtime, effort: Effort) -> Workload {
    let what = "1,000 commands a second over 1,000 aggregates, each until a projection into a table shows it";
    Workload::new("postgres/latency", what)
        .repeat(effort.repetitions - 1)
        .parts(latency::parts("sqlx, one task that inserts, then projects", None), move || {
            runtime.block_on(raw::latency(&url(), effort))
        })
        .parts(latency::parts("es", Some(20.0)), move || {
            runtime.block_on(async {
                let store = journal().await;
                let projection = Projector::new(&store, &store, project::Balances).spawn();
                let figures = latency::projected(&store, projection, effort).await;
                store.close().await;
                figures
            })
        })
}

fn replay(runtime: &'static Runtime, events: u64) -> Workload {
    let (db, store) = runtime.block_on(async {
        let mut db = raw::open(&url()).await;
        raw::fill(&mut db, events, 1).await;
        let store = journal().await;
        append(&store, events, 0..1).await;
        (Mutex::new(db), store)
    });
    Workload::new("postgres/replay", format!("events of one stream of {events}"))
        .target(0.7)
        .subject("sqlx, streamed, JSON borrowed", move || {
            runtime.block_on(async { raw::replay(&mut *db.lock().await, events).await })
        })
        .subject("es: load, JSON owned", move || runtime.block_on(load(&store, events)))
}

/// Events of 1,000 accounts, by hand and in a journal.
fn filled(runtime: &Runtime, events: u64) -> (Mutex<PgConnection>, PostgresStore) {
    runtime.block_on(async {
        let mut db = raw::open(&url()).await;
        raw::fill(&mut db, events, 1_000).await;
        let store = journal().await;
        append(&store, events, 0..1_000).await;
        (Mutex::new(db), store)
    })
}

fn projected(runtime: &'static Runtime, events: u64) -> Workload {
    let (db, store) = filled(runtime, events);
    Workload::new("postgres/project", format!("events, {events} into a table, upserts folded by batch"))
        .target(0.8)
        .subject("sqlx, 500 a transaction", move || {
            runtime.block_on(async { raw::project(&mut *db.lock().await, events).await })
        })
        .subject("es: project_batch", move || runtime.block_on(project::project(store.clone(), events)))
}

fn viewed(runtime: &'static Runtime, events: u64) -> Workload {
    let (db, store) = filled(runtime, events);
    Workload::new("postgres/view", format!("events, {events} into a map in memory"))
        .target(0.6)
        .subject("sqlx, streamed, JSON borrowed", move || {
            runtime.block_on(async { raw::view(&mut *db.lock().await, events).await })
        })
        .subject("es: run_to_head, in memory", move || runtime.block_on(project::view(store.clone(), events)))
}

fn bulk(runtime: &'static Runtime, events: u64) -> Workload {
    Workload::new("postgres/bulk", format!("events, {events} appended"))
        .target(0.8)
        .subject("sqlx, UNNEST of 5,000", move || runtime.block_on(raw::bulk(&url(), events)))
        .subject("es: appends of 1,000", move || {
            with_store(runtime, |store| async move {
                let started = Instant::now();
                append(&store, events, 0..100).await;
                rate(events, started)
            })
        })
}
