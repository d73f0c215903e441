//! `Writes`: the way to the writer.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError, mpsc};
use std::time::Instant;

use super::crowd::Crowd;
use super::{Job, Writer, is_small};
use crate::builder::Commits;
use crate::place::Place;
use crate::queue::{Closed, Queue};

/// Jobs that wait for the writer. Whoever comes then waits before.
const QUEUE: usize = 4_096;
/// The most that is committed together, in bytes: what waits longer than such a commit takes is better off in the next.
const BATCH: usize = 1024 * 1024;

/// The way to the writer: a queue for its thread; and the writer itself, for a caller who finds it at rest.
pub(crate) struct Writes {
    queue: Queue<Job>,
    /// Held by whoever commits; `None` before the first and after the last job.
    writer: Mutex<Option<Writer>>,
    /// Appends that have begun and are not answered.
    under_way: AtomicUsize,
    commits: Commits,
}

impl Writes {
    pub(crate) fn new(commits: Commits) -> Self {
        Self { queue: Queue::new(QUEUE), writer: Mutex::default(), under_way: AtomicUsize::new(0), commits }
    }

    /// Gives a job to the writer's thread.
    pub(crate) async fn push(&self, job: Job) -> Result<(), Closed> {
        self.queue.push(job).await
    }

    /// Says that an append is under way, until what this gives is dropped.
    pub(crate) fn begin_append(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(&self.under_way)
    }

    /// Has a job that is an append done: here, where that is the shorter way, or else by the writer's thread.
    pub(crate) async fn append(&self, job: Job) -> Result<(), Closed> {
        match self.commit_here(job) {
            Ok(()) => {
                // While it still counts as under way, whoever else wants to append has a turn to say so: those are
                // committed together. And a caller that never waits would keep a thread of the runtime to itself.
                tokio::task::yield_now().await;
                Ok(())
            }
            Err(job) => self.push(job).await,
        }
    }

    /// Commits an append on this thread, and answers it. Gives it back where nothing was done.
    fn commit_here(&self, job: Job) -> Result<(), Job> {
        let alone = self.commits == Commits::Adaptive && self.under_way.load(Ordering::Relaxed) == 1;
        if !alone || !matches!(&job, Job::Append(append, _) if is_small(append)) {
            return Err(job);
        }
        let mut writer = match self.writer.try_lock() {
            Ok(writer) => writer,
            Err(TryLockError::Poisoned(_) | TryLockError::WouldBlock) => return Err(job),
        };
        let Some(writer) = &mut *writer else { return Err(job) };
        // What is in the queue, or was just taken from it, comes first.
        if !self.queue.rests() {
            return Err(job);
        }
        writer.commit_here(job)?;
        if writer.wal.is_due() {
            self.queue.call();
        }
        Ok(())
    }

    fn writer(&self) -> MutexGuard<'_, Option<Writer>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what is in the queue, until it is closed and empty; then closes the writer's connection, after all the `others`.
    pub(crate) fn run(&self, writer: Writer, place: Place, others: &mpsc::Receiver<Infallible>) {
        let _end = End { writes: self, place };
        *self.writer() = Some(writer);
        let (mut jobs, mut has_more, mut crowd) = (Vec::new(), false, Crowd::default());
        loop {
            if has_more {
                self.queue.take_at_hand(&mut jobs, BATCH, Job::weight);
            } else if !self.queue.take_some(&mut jobs, BATCH, Job::weight) {
                break;
            }
            let (started, count) = (Instant::now(), jobs.len());
            has_more = self.writer().as_mut().is_some_and(|writer| writer.work(&mut jobs));
            if !has_more {
                crowd.await_return(&self.queue, count, started);
            }
        }
        // The last connection to be closed removes the WAL, but none does when two are closed at the same time.
        let _: Result<Infallible, mpsc::RecvError> = others.recv();
        let writer = self.writer().take();
        if let Some(writer) = writer {
            writer.close();
        }
    }

    /// Takes nothing new from now on. What was asked for before is still done.
    pub(crate) fn close(&self) {
        self.queue.close();
    }
}

/// An append that is under way, until this is dropped.
pub(crate) struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The end of the writer, however it comes: nobody waits for ever.
struct End<'a> {
    writes: &'a Writes,
    place: Place,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        for job in self.writes.queue.abandon() {
            // Nobody may wait any more.
            match job {
                Job::Append(_, answer) => drop(answer.send(Err(self.place.closed().into()))),
                Job::Import(_, answer) => drop(answer.send(Err(self.place.closed().into()))),
                Job::Snapshot(_, answer) => drop(answer.send(Err(self.place.closed()))),
                Job::Read(_) | Job::Transaction(_) => {}
            }
        }
    }
}
