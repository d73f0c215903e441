//! The transactions of projections.

use std::panic::{AssertUnwindSafe, catch_unwind};

use es_core::{Ended, JournalError, Work};
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::Writer;
use super::commit::panicked;
use crate::place::Failure;
use crate::projection::{SqliteTx, block_on, ended};

/// Something to do in a transaction of its own, which answers by itself.
pub(crate) type Transaction = Box<dyn FnOnce(&mut Writer) + Send>;

/// What a transaction gave.
pub(crate) type Transacted<T> = Result<T, JournalError>;

/// Makes a job of work, and the place where its result arrives. What in it needs a runtime finds that of the caller.
pub(crate) fn transaction<T: Send + 'static>(
    work: Work<SqliteTx, T>,
) -> (Transaction, oneshot::Receiver<Transacted<T>>) {
    let (answer, answered) = oneshot::channel();
    let runtime = Handle::try_current().ok();
    let job = move |writer: &mut Writer| {
        // Nobody waits any more: it has not begun, and need not.
        if !answer.is_closed() {
            // Nobody may wait for the answer any more.
            let _ = answer.send(writer.transact(work, runtime.as_ref()));
        }
    };
    (Box::new(job), answered)
}

impl Writer {
    fn transact<T>(&mut self, work: Work<SqliteTx, T>, runtime: Option<&Handle>) -> Transacted<T> {
        // A read model that is lost with its checkpoint is made again from the journal, so nothing waits for the disk. Where
        // this fails, it waits.
        let _ = self.set_synchronous(false);
        let result = self.begin_and_end(work, runtime);
        if !self.tx.reader.db.is_autocommit() {
            // Where this fails SQLite has rolled back by itself.
            let _ = self.tx.reader.db.execute_batch("ROLLBACK");
        }
        result.map_err(|failure| self.place.error("run the transaction of a projection", failure))
    }

    fn begin_and_end<T>(&mut self, work: Work<SqliteTx, T>, runtime: Option<&Handle>) -> Result<T, Failure> {
        // Views that change with appends ask for it too: those wait for the disk in any case.
        self.tx.take_is_to_last();
        begin(&self.tx)?;
        self.place.check_file()?;
        if self.heads.refresh(&self.tx)? {
            self.views.forget();
        }
        self.tx.guard().set(true);
        let done = catch_unwind(AssertUnwindSafe(|| block_on(runtime, work(&mut self.tx))));
        self.tx.guard().set(false);
        match done.map_err(|panic| panicked(&*panic))? {
            Ended::RollBack(value) => {
                if !self.tx.is_autocommit() {
                    self.tx.execute_batch("ROLLBACK")?;
                }
                Ok(value)
            }
            Ended::Commit(_) if self.tx.is_autocommit() => Err(ended().into()),
            Ended::Commit(value) => {
                commit(&self.tx)?;
                if self.tx.take_is_to_last() {
                    self.sync()?;
                }
                Ok(value)
            }
        }
    }

    /// Has what was committed outlive a power cut: a commit that waits for the disk waits for all before it too.
    fn sync(&mut self) -> Result<(), Failure> {
        if self.is_durable {
            self.set_synchronous(true)?;
            begin(&self.tx)?;
            self.tx.reader.db.execute("UPDATE meta SET value = value WHERE key = 'journal'", ())?;
            commit(&self.tx)?;
        }
        Ok(())
    }

    /// Has commits wait for the disk, where they ever do, or not. Between transactions only: within one SQLite refuses it.
    pub(super) fn set_synchronous(&mut self, synchronous: bool) -> rusqlite::Result<()> {
        if self.is_durable && self.is_synchronous != synchronous {
            let level = if synchronous { "FULL" } else { "NORMAL" };
            self.tx.reader.db.pragma_update(None, "synchronous", level)?;
            self.is_synchronous = synchronous;
        }
        Ok(())
    }
}

/// Begins a transaction that will write.
pub(super) fn begin(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached("BEGIN IMMEDIATE")?.execute(()).map(|_| ())
}

/// Commits. The comment keeps the statement apart from one that a projection may write.
pub(super) fn commit(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached("COMMIT /* of the writer */")?.execute(()).map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use es_core::SystemClock;
    use tokio::sync::watch;

    use super::*;
    use crate::SqliteStore;
    use crate::open::{Opened, open};
    use crate::watch::Head;

    #[test]
    fn what_is_to_last_is_committed_before_a_commit_that_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let opened = open(&SqliteStore::builder(), Some(&folder.path().join("bank.db"))).unwrap();
        let Opened { writer, place, head, .. } = opened;
        let head = watch::Sender::new(Head { position: head, closed: false });
        let clock = Arc::new(SystemClock);
        let mut writer = Writer::new(writer, clock, place, head, true, Duration::from_secs(1)).unwrap();
        for lasts in [false, true, false] {
            let work: Work<SqliteTx, ()> = Box::new(move |tx| {
                Box::pin(async move {
                    if lasts {
                        tx.have_it_last();
                    }
                    Ended::Commit(())
                })
            });
            writer.transact(work, None).unwrap();
            // How the last commit was made.
            let level: i64 = writer.tx.query_row("PRAGMA synchronous", (), |row| row.get(0)).unwrap();
            assert_eq!(level, if lasts { 2 } else { 1 });
        }
    }
}
