//! `Readers`: the connections to read on, each with a thread of its own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::{ReadJob, Reader};
use crate::builder::Commits;
use crate::queue::{Closed, Queue};

/// Queries that wait for a reader. Whoever comes then waits before.
const QUEUE: usize = 4_096;
/// A query that takes longer than this on its caller's thread has waited for the disk.
const LONG: Duration = Duration::from_millis(1);
/// So many queries go to the threads after such a one.
const AFTER_LONG: u32 = 64;

/// Connections that threads and callers use in turn.
pub(crate) struct Readers {
    queue: Queue<ReadJob>,
    /// `None` once the thread has ended.
    connections: Box<[Mutex<Option<Reader>>]>,
    /// How many queries from now on are not for the thread of their caller.
    elsewhere: AtomicU32,
    commits: Commits,
}

impl Readers {
    pub(crate) fn new(readers: Vec<Reader>, commits: Commits) -> Self {
        let connections = readers.into_iter().map(|reader| Mutex::new(Some(reader))).collect();
        Self { queue: Queue::new(QUEUE), connections, elsewhere: AtomicU32::new(0), commits }
    }

    /// The connections, each of which is to have a thread that [runs](Self::run).
    pub(crate) fn indices(&self) -> std::ops::Range<usize> {
        0..self.connections.len()
    }

    /// Has a thread run a job.
    pub(crate) async fn push(&self, job: ReadJob) -> Result<(), Closed> {
        self.queue.push(job).await
    }

    /// Runs a short query on the thread of the caller, which the way to another thread and back would take longer than.
    /// Gives it back where no connection is at hand, the disk is slow, or callers are not to be blocked.
    pub(crate) fn at_once<T, Q: FnOnce(&mut Reader) -> T>(&self, query: Q) -> Result<T, Q> {
        if self.commits != Commits::Adaptive {
            return Err(query);
        }
        if self.elsewhere.load(Ordering::Relaxed) > 0 {
            // Two that see the last one go elsewhere both.
            let _ = self.elsewhere.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            return Err(query);
        }
        for connection in &self.connections {
            let mut connection = match connection.try_lock() {
                Ok(connection) => connection,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => continue,
            };
            if let Some(reader) = connection.as_mut() {
                let started = Instant::now();
                let result = query(reader);
                if started.elapsed() > LONG {
                    self.elsewhere.store(AFTER_LONG, Ordering::Relaxed);
                }
                return Ok(result);
            }
        }
        Err(query)
    }

    /// Runs what is in the queue, until it is closed and empty; then closes a connection.
    pub(crate) fn run(&self, index: usize) {
        let Some(connection) = self.connections.get(index) else { return };
        while let Some(job) = self.queue.take() {
            if let Some(reader) = lock(connection).as_mut() {
                job(reader);
            }
        }
        drop(lock(connection).take());
    }

    /// Takes nothing new from now on.
    pub(crate) fn close(&self) {
        self.queue.close();
    }
}

/// A query that panics leaves nothing behind but its panic.
fn lock(connection: &Mutex<Option<Reader>>) -> MutexGuard<'_, Option<Reader>> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
