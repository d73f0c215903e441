//! What needs a process of its own: how much memory does one take that works on a large journal?

use std::path::PathBuf;
use std::process::Command;

use es_core::prelude::*;
use es_core::{Journal, JournalCopy, SnapshotStore};
use es_postgres::PostgresStore;
use es_sqlite::SqliteStore;
use serde::{Deserialize, Serialize};

use crate::domain::{Account, account};
use crate::measure::Part;
use crate::unit::{Target, Unit};
use crate::{failure, postgres, sqlite};

/// Tells a process that it is one of these, and what to do.
const WORK: &str = "ES_BENCHES_WORK";

/// What a store may take beside its cache.
const BOUND: f64 = 64.0;

/// What such a process does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) journal: At,
    pub(crate) task: Task,
    /// How many events the journal has, or a few more.
    pub(crate) events: u64,
}

/// Where a journal is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum At {
    Sqlite(PathBuf),
    Postgres { url: String, schema: String },
}

/// What is done with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Task {
    /// The state of the first account, which has all events.
    Replay,
    /// All events into a new file.
    Copy(PathBuf),
    /// All events into a table.
    Project,
}

/// Does the work if this is such a process; ends it with what went wrong if something does.
pub(crate) fn is_one() -> bool {
    let Ok(work) = std::env::var(WORK) else { return false };
    if let Err(error) = failure::catch(|| done(&work)) {
        eprintln!("{error}");
        std::process::exit(1);
    }
    true
}

fn done(work: &str) {
    let work: Work = serde_json::from_str(work).expect("it was written as such");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let Work { journal, task, events } = work;
        match journal {
            At::Sqlite(path) => {
                let store = SqliteStore::open(&path).await.expect("a journal");
                match task {
                    Task::Project => sqlite::project_all(&store, events).await,
                    task => on(&store, task, events).await,
                }
                store.close().await;
            }
            At::Postgres { url, schema } => {
                let store = PostgresStore::builder().schema(schema).connect(&url).await.expect("a journal");
                match task {
                    Task::Project => postgres::project_all(&store, events).await,
                    task => on(&store, task, events).await,
                }
                store.close().await;
            }
        }
    });
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    println!("{}", peak.trim().trim_end_matches(" kB"));
}

async fn on<S: Journal + SnapshotStore + Clone>(store: &S, task: Task, events: u64) {
    match task {
        Task::Replay => {
            let loaded = Repository::<Account, _>::new(store).load(account(0)).await.expect("it loads");
            assert_eq!((loaded.version, loaded.state.count), (events, events));
        }
        Task::Copy(path) => {
            let copy = SqliteStore::open(&path).await.expect("a journal");
            let copied = JournalCopy::new(store, &copy).run_events().await.expect("a copy");
            assert!(copied.events >= events);
            copy.close().await;
        }
        Task::Project => unreachable!("it depends on the store"),
    }
}

/// What the memory of a process is called, and its limit: `caches` is what its stores may keep of their files, in MiB.
pub(crate) fn part(name: impl Into<String>, caches: f64) -> Part {
    Part::new(name, Unit::Mebibytes).target(Target::Most(BOUND + caches))
}

impl Work {
    /// The most memory that the process ever had, all of it, in MiB.
    pub(crate) fn peak(&self) -> f64 {
        let work = serde_json::to_string(self).expect("it has no maps");
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program).env(WORK, work).output().expect("a process");
        let peak = String::from_utf8_lossy(&output.stdout).trim().parse::<f64>();
        match peak {
            Ok(kibibytes) if output.status.success() => kibibytes / 1024.0,
            _ => panic!("{:?} failed: {}", self.task, String::from_utf8_lossy(&output.stderr).trim()),
        }
    }
}
