//! Writing: one thread that takes what waits and commits it together.

mod append;
mod commit;
mod crowd;
mod heads;
mod ids;
mod import;
mod insert;
mod pace;
mod repeated;
mod snapshots;
mod transact;
mod views;
mod wal;
mod writes;

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use es_core::{Append, AppendError, Appended, Clock, Imported, JournalError, Page};
use tokio::sync::{oneshot, watch};

use crate::place::Place;
use crate::projection::SqliteTx;
use crate::reader::{ReadJob, Reader};
use crate::watch::Head;
use heads::Heads;
use pace::Pace;

pub(crate) use ids::enter_ids;
pub(crate) use snapshots::SnapshotWrite;
pub(crate) use transact::{Transaction, transaction};
use views::Views;
pub(crate) use views::add_view;
use wal::Wal;
pub(crate) use writes::Writes;

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

/// What an event, or an append without one, weighs beside its payload.
const EVENT: usize = 128;
/// The most that a small append weighs.
const SMALL: usize = 16 * 1024;

impl Job {
    fn weight(&self) -> usize {
        match self {
            Self::Append(append, _) => weight(append),
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
    /// Whether the next commit does, where those of events do: those of projections do not.
    is_synchronous: bool,
    /// How long to wait for another program that writes.
    busy_timeout: Duration,
    pace: Pace,
    wal: Wal,
    heads: Heads,
    clock: Arc<dyn Clock>,
    place: Place,
    head: watch::Sender<Head>,
}

thread_local! {
    /// The size of the WAL after a commit on this thread, in pages, until the writer that made it has taken note. SQLite
    /// hands it to a function that can hold nothing itself.
    static WAL_PAGES: Cell<Option<usize>> = const { Cell::new(None) };
}

impl Writer {
    pub(crate) fn new(
        reader: Reader,
        clock: Arc<dyn Clock>,
        place: Place,
        head: watch::Sender<Head>,
        is_durable: bool,
        busy_timeout: Duration,
    ) -> rusqlite::Result<Self> {
        // In place of the checkpoint that SQLite makes within a commit: callers need not wait for it.
        reader.db.wal_hook(Some(|_: &rusqlite::hooks::Wal, size| {
            WAL_PAGES.set(usize::try_from(size).ok());
            Ok(())
        }));
        Ok(Self {
            tx: SqliteTx::new(reader, place.clone())?,
            transactions: VecDeque::new(),
            views: Views::default(),
            is_durable,
            is_synchronous: true,
            busy_timeout,
            pace: Pace::new(),
            wal: Wal::new(),
            heads: Heads::new(),
            clock,
            place,
            head,
        })
    }

    /// Does what has been taken from the queue. Gives whether there is more to do.
    fn work(&mut self, jobs: &mut Vec<Job>) -> bool {
        self.commit(jobs);
        if let Some(transaction) = self.transactions.pop_front() {
            transaction(self);
            self.note_wal();
        }
        self.look_after_the_wal();
        !self.transactions.is_empty()
    }

    /// Closes the connection.
    fn close(self) {
        // What cannot be copied now is copied by the next program that opens the file.
        let _ = self.tx.reader.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
    }

    fn read(&mut self, read: ReadJob) {
        let _ = self.tx.reader.db.pragma_update(None, "query_only", true);
        // The query's own panics go to its caller; there are no others.
        let _ = catch_unwind(AssertUnwindSafe(|| read(&mut self.tx.reader)));
        let _ = self.tx.reader.db.pragma_update(None, "query_only", false);
    }

    /// Takes note of how large the last commit has made the WAL.
    fn note_wal(&mut self) {
        if let Some(pages) = WAL_PAGES.take() {
            self.wal.note(pages);
        }
    }

    /// Copies a long WAL into the database. What fails here is tried again after the next commit; the WAL has it all.
    fn look_after_the_wal(&mut self) {
        let db = &self.tx.reader.db;
        self.wal.look_after(|copying| db.query_row(copying.sql(), (), |row| row.get(0)).unwrap_or(false));
    }
}

/// Whether an append takes so little work that it can be done anywhere.
fn is_small(append: &Append) -> bool {
    weight(append) <= SMALL
}

fn weight(append: &Append) -> usize {
    let events = append.streams.iter().flat_map(|stream| &stream.events);
    EVENT + events.map(|event| EVENT + event.payload.len()).sum::<usize>()
}
