//! Writing: one thread that takes what waits and commits it together.

mod append;
mod commit;
mod heads;
mod import;
mod insert;
mod repeated;
mod snapshots;
mod transact;
mod views;

use std::cell::Cell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};

use es_core::{Append, AppendError, Appended, Clock, Imported, JournalError, Page};
use rusqlite::hooks::Wal;
use tokio::sync::{oneshot, watch};

use crate::place::Place;
use crate::projection::SqliteTx;
use crate::queue::Queue;
use crate::reader::{ReadJob, Reader};
use crate::watch::Head;
use heads::Heads;

pub(crate) use snapshots::SnapshotWrite;
pub(crate) use transact::{Transaction, transaction};
use views::Views;
pub(crate) use views::add_view;

/// Something for the writer to do.
pub(crate) enum Job {
    Append(Append, Answer<Appended, AppendError>),
    /// The events of another journal.
    Import(Arc<Page>, Answer<Imported, AppendError>),
    Snapshot(SnapshotWrite, Answer<(), JournalError>),
    /// A query, where there is no other connection.
    Read(ReadJob),
    /// What a projection writes.
    Transaction(Transaction),
}

pub(crate) type Answer<T, E> = oneshot::Sender<Result<T, E>>;

/// The most that is committed together, in bytes: what waits longer than such a commit takes is better off in the next.
const BATCH: usize = 1024 * 1024;
/// What an event, or an append without one, weighs beside its payload.
const EVENT: usize = 128;
/// The size of the WAL, in pages, from which on it is copied into the database.
const CHECKPOINT: usize = 4_000;
/// The size from which on the writer waits for readers, so that the WAL starts from its beginning again.
const LONG_WAL: usize = 16 * CHECKPOINT;

impl Job {
    fn weight(&self) -> usize {
        match self {
            Self::Append(append, _) => {
                let events = append.streams.iter().flat_map(|stream| &stream.events);
                EVENT + events.map(|event| EVENT + event.payload.len()).sum::<usize>()
            }
            Self::Import(page, _) => EVENT + page.iter().map(|event| EVENT + event.payload.bytes.len()).sum::<usize>(),
            Self::Snapshot(write, _) => EVENT + write.bytes(),
            Self::Read(_) | Self::Transaction(_) => 0,
        }
    }
}

/// The one that writes: a connection, and what is known of the journal's end.
pub(crate) struct Writer {
    /// The connection, and the transactions on it.
    tx: SqliteTx,
    /// Transactions that are to be run, one at a time between what else is to be written.
    transactions: VecDeque<Transaction>,
    /// The views that change along with appends.
    views: Views,
    /// Whether a commit of events waits for the disk.
    is_durable: bool,
    heads: Heads,
    clock: Arc<dyn Clock>,
    place: Place,
    head: watch::Sender<Head>,
}

thread_local! {
    /// The size of the WAL after the last commit of this thread, in pages, unless it has been copied since. SQLite hands
    /// it to a function that can hold nothing itself, and each writer has a thread of its own.
    static WAL_PAGES: Cell<usize> = const { Cell::new(0) };
}

impl Writer {
    pub(crate) fn new(
        reader: Reader,
        clock: Arc<dyn Clock>,
        place: Place,
        head: watch::Sender<Head>,
        is_durable: bool,
    ) -> rusqlite::Result<Self> {
        // In place of the checkpoint that SQLite makes within a commit: callers need not wait for it.
        reader.db.wal_hook(Some(|_: &Wal, size| {
            WAL_PAGES.set(usize::try_from(size).unwrap_or(0));
            Ok(())
        }));
        let tx = SqliteTx::new(reader, place.clone())?;
        let transactions = VecDeque::new();
        let views = Views::default();
        Ok(Self { tx, transactions, views, is_durable, heads: Heads::new(), clock, place, head })
    }

    /// Does what is in the queue, until it is closed and empty; then closes its connection, after all the `others`.
    pub(crate) fn run(mut self, queue: &Arc<Queue<Job>>, others: &mpsc::Receiver<Infallible>) {
        let _end = End { queue: Arc::clone(queue), place: self.place.clone() };
        let mut jobs = Vec::new();
        loop {
            if self.transactions.is_empty() {
                if !queue.take_some(&mut jobs, BATCH, Job::weight) {
                    break;
                }
            } else {
                queue.take_at_hand(&mut jobs, BATCH, Job::weight);
            }
            self.commit(&mut jobs);
            if let Some(transaction) = self.transactions.pop_front() {
                transaction(&mut self);
            }
            self.look_after_the_wal();
        }
        // The last connection to be closed removes the WAL, but none does when two are closed at the same time.
        let _: Result<Infallible, mpsc::RecvError> = others.recv();
        // What cannot be copied now is copied by the next program that opens the file.
        let _ = self.tx.reader.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
    }

    fn read(&mut self, read: ReadJob) {
        let _ = self.tx.reader.db.pragma_update(None, "query_only", true);
        // The query's own panics go to its caller; there are no others.
        let _ = catch_unwind(AssertUnwindSafe(|| read(&mut self.tx.reader)));
        let _ = self.tx.reader.db.pragma_update(None, "query_only", false);
    }

    /// Copies a long WAL into the database. What fails here is tried again after the next commit; the WAL has it all.
    fn look_after_the_wal(&self) {
        let pages = WAL_PAGES.take();
        if pages < CHECKPOINT {
            WAL_PAGES.set(pages);
            return;
        }
        let mode = if pages < LONG_WAL { "PRAGMA wal_checkpoint(PASSIVE)" } else { "PRAGMA wal_checkpoint(TRUNCATE)" };
        let _ = self.tx.reader.db.query_row(mode, (), |_| Ok(()));
    }

    /// Has the WAL emptied as soon as may be: there may be no room but the one that it takes.
    fn make_room() {
        WAL_PAGES.set(LONG_WAL);
    }
}

/// The end of the writer, however it comes: nobody waits for ever.
struct End {
    queue: Arc<Queue<Job>>,
    place: Place,
}

impl Drop for End {
    fn drop(&mut self) {
        for job in self.queue.abandon() {
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
