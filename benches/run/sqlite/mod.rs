//! Workloads on SQLite, beside the same by hand.

mod project;
mod raw;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use es_core::{JournalCopy, MemoryStore};
use es_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::measure::{Effort, Maker, Workload, rate};
use crate::memory::{append, load, many_aggregates, one_aggregate};

/// Where the files of a run are: on the disk of the target folder, gone at its end.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
    next: AtomicU64,
}

impl Place {
    pub(crate) fn new(folder: TempDir) -> Self {
        Self { folder, next: AtomicU64::new(0) }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file that is not there yet; the one before it is removed.
    fn fresh(&self, kind: &str) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.folder().join(format!("{kind}-{number}.db"))
    }
}

/// Removes a database and what is beside it.
fn remove(path: &Path) {
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
            Box::new(move || [0, 10_000 / effort.divisor].map(|prior| one(runtime, place, prior, effort)).into()),
        ),
        ("sqlite/many", Box::new(move || [1, 16, 64, 256].map(|clients| many(runtime, place, clients, effort)).into())),
        ("sqlite/replay", Box::new(move || vec![replay(runtime, place, 100_000 / effort.divisor)])),
        ("sqlite/project", Box::new(move || vec![project::workload(runtime, place, 200_000 / effort.divisor)])),
        ("sqlite/bulk", Box::new(move || vec![bulk(runtime, place, 200_000 / effort.divisor)])),
        ("sqlite/growth", Box::new(move || vec![growth(runtime, place, effort)])),
    ]
}

fn one(runtime: &'static Runtime, place: &'static Place, prior: u64, effort: Effort) -> Workload {
    Workload::new("sqlite/one", format!("commands a second on one aggregate, {prior} events before, 1 client"))
        .target(0.8)
        .subject("rusqlite, state at hand, on the caller's thread", move || {
            let path = place.fresh("raw");
            let rate = raw::one_aggregate(&path, prior, effort);
            remove(&path);
            rate
        })
        .subject("es", move || {
            with_store(runtime, place, |store| async move { one_aggregate(store, prior, effort).await })
        })
}

fn many(runtime: &'static Runtime, place: &'static Place, clients: u64, effort: Effort) -> Workload {
    Workload::new("sqlite/many", format!("commands a second over 1,000 aggregates, {clients} clients"))
        .target(0.8)
        .subject("rusqlite, plain group commit", move || {
            let path = place.fresh("raw");
            let rate = runtime.block_on(raw::group_commit(&path, clients, effort));
            remove(&path);
            rate
        })
        .subject("es", move || {
            with_store(runtime, place, |store| async move { many_aggregates(store, clients, effort).await })
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
    Workload::new("sqlite/replay", format!("events a second, one stream of {events}"))
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
    Workload::new("sqlite/bulk", format!("events a second, {events} appended"))
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

/// Commands on a journal that holds many events already.
fn growth(runtime: &'static Runtime, place: &'static Place, effort: Effort) -> Workload {
    let mut workload = Workload::new(
        "sqlite/growth",
        "commands a second over 1,000 aggregates, 16 clients, by the size of the journal",
    )
    .target(1.0 / 1.3);
    for events in [10_000, 1_000_000] {
        let events = events / effort.divisor;
        let path = place.fresh("es");
        let store = runtime.block_on(async {
            let store = SqliteStore::open(&path).await.expect("a journal");
            // Other streams than those of the commands.
            append(&store, events, 5_000..5_100).await;
            store
        });
        let size = path.metadata().map_or(0, |metadata| metadata.len());
        let name = format!("es, {events} events before, {} MiB", size / 1024 / 1024);
        workload = workload.subject(name, move || {
            let store = store.clone();
            runtime.block_on(many_aggregates(store, 16, effort))
        });
    }
    workload
}
