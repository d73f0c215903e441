//! Writing: tasks that take the appends that wait, and send them together.

mod answer;
mod batch;
mod columns;
mod commit;
mod import;
mod kinds;
mod notices;
mod numbers;
mod repeated;
mod usual;
mod waiting;

use std::sync::Arc;
use std::time::{Duration, Instant};

use es_core::{Append, AppendError, Appended, Clock, Imported, Page};
use sqlx::PgConnection;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use crate::connections::Connector;
use crate::watch::Watch;
use kinds::KindNumbers;
use notices::Notices;
use numbers::StreamNumbers;

/// Appends that wait. Whoever comes then waits before.
const QUEUE: usize = 4_096;
/// The most that is written together, in bytes: what waits longer than that takes is better off in the next batch.
const BATCH: usize = 1024 * 1024;
/// The most appends that are written together.
const APPENDS: usize = 1_000;
/// What an append, and each of its events, weighs beside the payload.
const EVENT: usize = 128;
/// After this time without use a connection is asked whether it still lives. If it does not, an append on it would be
/// one of which nobody knows whether it was written.
const IDLE: Duration = Duration::from_secs(1);

/// How often an append that got into the way of others is tried.
const TRIES: u32 = 8;
/// How often a batch is, before its appends are tried one by one.
const TRIES_TOGETHER: u32 = 3;

/// Something for the writers to do, and where the answer goes.
pub(crate) enum Job {
    Append(Append, Answer<Appended>),
    Import(Arc<Page>, Answer<Imported>),
}

pub(crate) type Answer<T> = oneshot::Sender<Result<T, AppendError>>;

impl Job {
    fn weight(&self) -> usize {
        match self {
            Self::Append(append, _) => {
                let events = append.streams.iter().flat_map(|stream| &stream.events);
                EVENT + events.map(|event| EVENT + event.payload.len()).sum::<usize>()
            }
            Self::Import(..) => BATCH,
        }
    }
}

/// Waits before something is tried again that was in the way of others: each in its own time, so that two processes
/// that are in each other's way do not meet again.
async fn rest(tries: u32) {
    let jitter = u64::from(std::process::id() % 7 + tries);
    tokio::time::sleep(Duration::from_millis(jitter)).await;
}

/// One of the tasks that write: a connection, and what is known on it.
struct Writer {
    connector: Connector,
    clock: Arc<dyn Clock>,
    watch: Arc<Watch>,
    statements: Arc<Statements>,
    numbers: Arc<StreamNumbers>,
    /// `None` before the first append, and after one that failed.
    session: Option<Session>,
    notices: Notices,
}

struct Session {
    db: PgConnection,
    kinds: KindNumbers,
    used: Instant,
}

struct Statements {
    append: Arc<str>,
    usual: Arc<str>,
    each: Arc<str>,
    one: Arc<str>,
    numbers: Arc<str>,
    repeated: Arc<str>,
    barrier: Arc<str>,
}

/// Starts the tasks that write, and gives the queue that they take from. They end when it is closed and empty.
/// Each has a receiver of `alive` until then.
pub(crate) fn start(
    connector: &Connector,
    writers: usize,
    clock: &Arc<dyn Clock>,
    watch: &Arc<Watch>,
    alive: &watch::Sender<()>,
) -> mpsc::Sender<Job> {
    let (queue, jobs) = mpsc::channel(QUEUE);
    let jobs = Arc::new(Mutex::new(jobs));
    let ready = |sql: &str| Arc::from(connector.schema.sql(sql).0);
    let statements = Arc::new(Statements {
        append: ready(include_str!("append.sql")),
        usual: ready(include_str!("usual.sql")),
        each: ready(include_str!("each.sql")),
        one: ready(include_str!("one.sql")),
        numbers: ready(include_str!("numbers.sql")),
        repeated: ready(include_str!("repeated.sql")),
        barrier: ready(include_str!("barrier.sql")),
    });
    let numbers = Arc::<StreamNumbers>::default();
    for _ in 0..writers.max(1) {
        let writer = Writer {
            connector: connector.clone(),
            clock: Arc::clone(clock),
            watch: Arc::clone(watch),
            statements: Arc::clone(&statements),
            numbers: Arc::clone(&numbers),
            session: None,
            notices: Notices::new(),
        };
        let (jobs, alive) = (Arc::clone(&jobs), alive.subscribe());
        tokio::spawn(async move {
            writer.run(jobs).await;
            drop(alive);
        });
    }
    queue
}

fn ready(sql: &Arc<str>) -> sqlx::AssertSqlSafe<Arc<str>> {
    sqlx::AssertSqlSafe(Arc::clone(sql))
}

impl Writer {
    async fn run(mut self, queue: Arc<Mutex<mpsc::Receiver<Job>>>) {
        let mut jobs = Vec::new();
        loop {
            // Only the one who has the queue waits for more; the others are at work, or behind it.
            take(&mut *queue.lock().await, &mut jobs).await;
            if jobs.is_empty() {
                return;
            }
            self.write(&mut jobs).await;
        }
    }
}

/// Takes what waits, as far as it goes into one batch; at least one, unless there will be no more.
async fn take(queue: &mut mpsc::Receiver<Job>, jobs: &mut Vec<Job>) {
    let Some(first) = queue.recv().await else { return };
    let mut weight = first.weight();
    jobs.push(first);
    // Others come with it: those whose appends were answered together go on at the same time.
    tokio::task::yield_now().await;
    while weight < BATCH && jobs.len() < APPENDS {
        let Ok(job) = queue.try_recv() else { return };
        weight += job.weight();
        jobs.push(job);
    }
}
