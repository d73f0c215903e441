//! `SqliteStore`: a handle on the threads that write and read.

mod journal;
mod start;

use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, ThreadId};

use es_core::{Clock, InlineView, JournalError, JournalId, Page, PageSize, StreamId, Work};
use rusqlite::Connection;
pub(crate) use start::open;
use tokio::sync::{oneshot, watch};

use crate::builder::SqliteStoreBuilder;
use crate::error::OpenError;
use crate::place::{Failure, Place};
use crate::projection::{Leases, SqliteTx};
use crate::reader::{self, Extent, Reader, Readers, read_job};
use crate::watch::{Head, Watch};
use crate::writer::{Job, SnapshotWrite, Writes, add_view, transaction};

/// The largest page or snapshot that is read on the thread of a caller, in bytes.
const SMALL: usize = 64 * 1024;

/// A journal and its snapshots in one SQLite file.
///
/// Clones are handles on the same store. It is closed with the last of them, or by [`close`](Self::close).
/// A future that is dropped leaves nothing half done: what it had asked for happens as a whole or not at all.
#[derive(Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

struct Shared {
    id: JournalId,
    place: Place,
    clock: Arc<dyn Clock>,
    writes: Arc<Writes>,
    /// `None` where the writer reads as well.
    readers: Option<Arc<Readers>>,
    watch: Arc<Watch>,
    head: watch::Sender<Head>,
    leases: Arc<Leases>,
    /// The thread that writes. What it is in the middle of cannot be waited for on it.
    writer: ThreadId,
    /// The writer has a receiver of it until it has closed its connection, the last of all.
    alive: watch::Sender<()>,
}

impl SqliteStore {
    /// Opens the journal in the file at `path`; a file that does not exist is created.
    ///
    /// A file that can only be read is opened too: appends to it are [`JournalError::ReadOnly`].
    ///
    /// # Errors
    ///
    /// An [`OpenError`], which says what is in the place of the file, or who holds it.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::builder().open(path).await
    }

    /// Makes an empty journal in memory, which is gone with the last handle.
    ///
    /// # Errors
    ///
    /// [`OpenError::Failed`] where the system has no memory or no threads left.
    pub async fn open_in_memory() -> Result<Self, OpenError> {
        Self::builder().open_in_memory().await
    }

    /// Makes a store that is not like the default.
    pub fn builder() -> SqliteStoreBuilder {
        SqliteStoreBuilder::new()
    }

    /// Runs queries of your own, on a connection that can only read.
    ///
    /// They run on a thread of the store, so they may take their time. One that takes long in one transaction keeps the WAL from
    /// starting anew, so that it grows; in a store in memory, appends wait for it. A panic in `query` goes
    /// on in the caller.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), es_core::BoxError> {
    /// # let store = es_sqlite::SqliteStore::open_in_memory().await?;
    /// let events: i64 = store.read(|db| db.query_row("SELECT count(*) FROM journal", [], |row| row.get(0))).await?;
    /// assert_eq!(events, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`JournalError::Failed`] with the error of `query` as its source, or what that means to a journal: a query
    /// that writes is [`JournalError::ReadOnly`].
    pub async fn read<T, F>(&self, query: F) -> Result<T, JournalError>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.query("run the query", |reader| Ok(query(&reader.db)?)).await
    }

    /// Does what was asked for before, then closes the file, for all handles. What is asked for afterwards is
    /// [`JournalError::Closed`].
    ///
    /// Without it the same happens after the last handle is dropped, but nothing waits for it.
    pub async fn close(&self) {
        self.shared.close();
        self.shared.alive.closed().await;
    }

    /// Has a thread run a query.
    pub(crate) async fn query<T, F>(&self, action: &'static str, query: F) -> Result<T, JournalError>
    where
        F: FnOnce(&mut Reader) -> Result<T, Failure> + Send + 'static,
        T: Send + 'static,
    {
        let place = &self.shared.place;
        let (job, answer) = read_job(query);
        match &self.shared.readers {
            Some(readers) => readers.push(job).await.map_err(|_| place.closed())?,
            None => self.write(Job::Read(job)).await?,
        }
        match answer.await.map_err(|_| place.closed())? {
            Ok(result) => result.map_err(|failure| place.error(action, failure)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Runs a short query on the thread of the caller, where that may be; otherwise on one of the store's.
    async fn look<T, F>(&self, action: &'static str, query: F) -> Result<T, JournalError>
    where
        F: FnOnce(&mut Reader) -> Result<T, Failure> + Send + 'static,
        T: Send + 'static,
    {
        match self.at_once(query).await {
            Ok(result) => result.map_err(|failure| self.shared.place.error(action, failure)),
            Err(query) => self.query(action, query).await,
        }
    }

    /// Reads a page of a stream: a small one as [`look`](Self::look) does.
    async fn page<F>(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
        read: F,
    ) -> Result<Page, JournalError>
    where
        F: Fn(&mut Reader, &StreamId, &RangeInclusive<u64>, Extent) -> Result<Page, Failure> + Send + 'static,
    {
        let action = "read a stream";
        let bytes = size.bytes.min(SMALL);
        let small = Extent { size: PageSize { bytes, ..size }, largest: Some(SMALL as u64) };
        let few = self.at_once(|reader| {
            // Where that cannot be told, since the end of the stream is damaged, what is asked for may be sound.
            let few = reader::are_few(&reader.db, stream, &versions).unwrap_or(false);
            if few { read(reader, stream, &versions, small).map(Some) } else { Ok(None) }
        });
        if let Ok(few) = few.await
            && let Some(page) = few.map_err(|failure| self.shared.place.error(action, failure))?
            && (!page.more() || page.len() == size.events || (size.bytes <= SMALL && !page.is_empty()))
        {
            return Ok(page);
        }
        let stream = stream.clone();
        let extent = Extent { size, largest: None };
        self.query(action, move |reader| read(reader, &stream, &versions, extent)).await
    }

    /// Runs a short query here, or gives it back. A caller that does nothing else would keep a thread of the runtime to itself, so
    /// others have a turn now and then.
    async fn at_once<T, Q: FnOnce(&mut Reader) -> T>(&self, query: Q) -> Result<T, Q> {
        let result = match &self.shared.readers {
            Some(readers) => readers.at_once(query)?,
            None => return Err(query),
        };
        tokio::task::consume_budget().await;
        Ok(result)
    }

    /// Runs the work of a projection in a transaction.
    pub(crate) async fn run_transaction<T: Send + 'static>(&self, work: Work<SqliteTx, T>) -> Result<T, JournalError> {
        let (job, answer) = transaction(work);
        self.write(Job::Transaction(job)).await?;
        answer.await.map_err(|_| self.shared.place.closed())?
    }

    /// Has each append from now on change a view too.
    pub(crate) async fn add_view(&self, view: Box<dyn InlineView<SqliteTx>>) -> Result<(), JournalError> {
        let (job, answer) = add_view(view);
        self.write(Job::Transaction(job)).await?;
        answer.await.map_err(|_| self.shared.place.closed())?
    }

    /// Gives a job to the writer.
    async fn write(&self, job: Job) -> Result<(), JournalError> {
        self.check_thread()?;
        self.shared.writes.push(job).await.map_err(|_| self.shared.place.closed())
    }

    /// The writer waits for nothing that it has to do itself.
    fn check_thread(&self) -> Result<(), JournalError> {
        if thread::current().id() == self.shared.writer {
            let source = "a projection that has the transaction waits for another one; react to events elsewhere";
            let (store, source) = (self.shared.place.name(), source.into());
            return Err(JournalError::Failed { store, action: "write within a projection", source });
        }
        Ok(())
    }

    pub(crate) fn place(&self) -> &Place {
        &self.shared.place
    }

    pub(crate) fn leases(&self) -> &Arc<Leases> {
        &self.shared.leases
    }

    async fn write_snapshot(&self, write: SnapshotWrite) -> Result<(), JournalError> {
        let closed = || self.shared.place.closed();
        let (answer, answered) = oneshot::channel();
        self.write(Job::Snapshot(write, answer)).await?;
        answered.await.map_err(|_| closed())?
    }
}

impl Shared {
    fn close(&self) {
        self.writes.close();
        if let Some(readers) = &self.readers {
            readers.close();
        }
        self.watch.close();
        self.head.send_modify(|head| head.closed = true);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.shared.place.path().unwrap_or(Path::new(":memory:"));
        f.debug_struct("SqliteStore").field("path", &path).field("id", &self.shared.id.0).finish_non_exhaustive()
    }
}
