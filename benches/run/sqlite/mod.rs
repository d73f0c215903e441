//! Workloads on SQLite, beside the same by hand.

mod large;
mod project;
mod raw;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use es_core::{JournalCopy, MemoryStore, Projector};
use es_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) use project::project_all;

use crate::journal::append;
use crate::latency;
use crate::measure::{Effort, Maker, Workload, rate};
use crate::memory::{CLIENTS, Spread, load, many_aggregates, of_clients, one_aggregate};

/// Where the files of a run are: on the disk of the target folder, gone at its end.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
    next: AtomicU64,
    /// Journals that several workloads use, by what they are.
    kept: Mutex<BTreeMap<(&'static str, u64), PathBuf>>,
}

impl Place {
    pub(crate) fn new(folder: TempDir) -> Self {
        Self { folder, next: AtomicU64::new(0), kept: Mutex::default() }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file that is not there yet.
    pub(crate) fn fresh(&self, kind: &str) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.folder().join(format!("{kind}-{number}.db"))
    }

    /// A file of `events` events, made by `fill` when it is asked for first.
    fn kept(&self, kind: &'static str, events: u64, fill: impl FnOnce(&Path)) -> PathBuf {
        // A fill that failed has put nothing in.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry((kind, events))
            .or_insert_with(|| {
                let path = self.fresh(kind);
                fill(&path);
                path
            })
            .clone()
    }
}

/// Removes a database and what is beside it.
pub(crate) fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        let _ = std::fs::remove_file(PathBuf::from(file));
    }
}

pub(crate) fn makers(runtime: &'static Runtime, place: &'static Place, effort: Effort) -> Vec<Maker> {
    vec![
        (
            "sqlite/one",
            Box::new(move || effort.prior.iter().map(|prior| one(runtime, place, *prior, effort)).collect()),
        ),
        ("sqlite/many", Box::new(move || CLIENTS.map(|clients| many(runtime, place, clients, effort)).into())),
        ("sqlite/replay", Box::new(move || vec![replay(runtime, place, 100_000 / effort.divisor)])),
        ("sqlite/project", Box::new(move || vec![project::workload(runtime, place, 200_000 / effort.divisor)])),
        ("sqlite/bulk", Box::new(move || vec![bulk(runtime, place, 200_000 / effort.divisor)])),
        ("sqlite/latency", Box::new(move || vec![latency(runtime, place, effort)])),
        ("sqlite/size", Box::new(move || vec![large::size(runtime, place, effort)])),
        ("sqlite/growth", Box::new(move || large::growth(runtime, place, effort))),
        ("sqlite/start", Box::new(move || vec![large::start(runtime, place, effort)])),
        ("sqlite/memory", Box::new(move || vec![large::memory(runtime, place, effort)])),
    ]
}

fn one(runtime: &'static Runtime, place: &'static Place, prior: u64, effort: Effort) -> Workload {
    let axis = "events before";
    Workload::new("sqlite/one", format!("commands on one aggregate, {prior} events before, 1 client"))
        .target(0.8)
        .subject_at("by hand", axis, prior, "rusqlite, state at hand, on the caller's thread", move || {
            let path = place.fresh("raw");
            let rate = raw::one_aggregate(&path, prior, effort);
            remove(&path);
            rate
        })
        .subject_at("es", axis, prior, "es", move || {
            with_store(runtime, place, |store| async move { one_aggregate(store, prior, effort).await })
        })
}

fn many(runtime: &'static Runtime, place: &'static Place, clients: u64, effort: Effort) -> Workload {
    let what = format!("commands over 1,000 aggregates, {}", of_clients(clients));
    Workload::new("sqlite/many", what)
        .target(0.8)
        .subject_at("by hand", "clients", clients, "rusqlite, plain group commit", move || {
            let path = place.fresh("raw");
            let rate = runtime.block_on(raw::group_commit(raw::open(&path), clients, Spread::NEW, effort));
            remove(&path);
            rate
        })
        .subject_at("es", "clients", clients, "es", move || {
            with_store(
                runtime,
                place,
                |store| async move { many_aggregates(store, clients, Spread::NEW, effort).await },
            )
        })
}

fn latency(runtime: &'static Runtime, place: &'static Place, effort: Effort) -> Workload {
    let what = "1,000 commands a second over 1,000 aggregates, each until a projection into a table shows it";
    Workload::new("sqlite/latency", what)
        .repeat(effort.repetitions - 1)
        .parts(latency::parts("rusqlite, one thread that commits, then projects", None), move || {
            let path = place.fresh("raw");
            let figures = runtime.block_on(raw::latency(&path, effort));
            remove(&path);
            figures
        })
        .parts(latency::parts("es", Some(5.0)), move || {
            let path = place.fresh("es");
            let figures = runtime.block_on(async {
                let store = SqliteStore::open(&path).await.expect("a journal");
                let projection = Projector::new(&store, &store, project::Balances).spawn();
                let figures = latency::projected(&store, projection, effort).await;
                store.close().await;
                figures
            });
            remove(&path);
            figures
        })
}

/// Does something with a new journal.
fn with_store<F: Future<Output = f64>>(runtime: &Runtime, place: &Place, work: impl FnOnce(SqliteStore) -> F) -> f64 {
    let path = place.fresh("es");
    let rate = runtime.block_on(async {
        let store = SqliteStore::open(&path).await.expect("a journal");
        let rate = work(store.clone()).await;
        store.close().await;
        rate
    });
    remove(&path);
    rate
}

fn replay(runtime: &'static Runtime, place: &'static Place, events: u64) -> Workload {
    let db = raw::open(&place.fresh("raw"));
    raw::fill(&db, events, 1);
    let path = place.fresh("es");
    let store = runtime.block_on(async {
        let store = SqliteStore::open(&path).await.expect("a journal");
        append(&store, events, 0..1).await;
        store
    });
    let second = rusqlite::Connection::open(db.path().unwrap_or_default()).expect("the same file");
    Workload::new("sqlite/replay", format!("events of one stream of {events}"))
        .target(0.7)
        .subject("rusqlite, by index, JSON borrowed", move || raw::replay(&db, events, true))
        .subject("rusqlite, by index, JSON owned", move || raw::replay(&second, events, false))
        .subject("es: load, JSON owned", move || runtime.block_on(load(&store, events)))
}

fn bulk(runtime: &'static Runtime, place: &'static Place, events: u64) -> Workload {
    let memory = MemoryStore::new();
    runtime.block_on(append(&memory, events, 0..100));
    let copied = move || {
        let memory = memory.clone();
        with_store(runtime, place, |store| async move {
            let started = Instant::now();
            JournalCopy::new(&memory, &store).run_events().await.expect("a copy");
            rate(events, started)
        })
    };
    Workload::new("sqlite/bulk", format!("events, {events} appended"))
        .target(0.8)
        .subject("rusqlite, one transaction", move || {
            let path = place.fresh("raw");
            let rate = raw::bulk(&path, events);
            remove(&path);
            rate
        })
        .subject("es: appends of 1,000", move || {
            with_store(runtime, place, |store| async move {
                let started = Instant::now();
                append(&store, events, 0..100).await;
                rate(events, started)
            })
        })
        .subject("es: a copy from memory, read again and compared", copied)
}
