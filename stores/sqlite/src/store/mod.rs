//! `SqliteStore`: a handle on the threads that write and read.

use std::convert::Infallible;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::{self, ThreadId};

use es_core::{
    Append, AppendError, Appended, BoxError, Clock, CommandId, Filter, ImportJournal, Imported, InlineView, Journal,
    JournalError, JournalId, ListSnapshots, Page, PageSize, Position, Snapshot, SnapshotStore, StreamId, Timestamp,
    Work,
};
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use crate::builder::{Durability, SqliteStoreBuilder};
use crate::error::OpenError;
use crate::open::Opened;
use crate::place::{Failure, Place};
use crate::projection::{Leases, SqliteTx};
use crate::reader::{self, Extent, Loaded, Reader, Readers, read_job};
use crate::watch::{Head, Watch};
use crate::writer::{Job, SnapshotWrite, Writer, Writes, add_view, transaction};

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

/// Opens a database on the thread that will write to it, and starts the others.
pub(crate) async fn open(options: SqliteStoreBuilder, path: Option<&Path>) -> Result<SqliteStore, OpenError> {
    let shown = path.unwrap_or(Path::new(":memory:")).to_owned();
    let path = path.map(Path::to_owned);
    let (answer, answered) = oneshot::channel();
    let opening = move || match crate::open::open(&options, path.as_deref()).and_then(|opened| start(options, opened)) {
        Ok((store, write)) => {
            // Nobody may wait for the store any more. Then it is dropped here, and the writer ends at once.
            drop(answer.send(Ok(store)));
            write();
        }
        Err(error) => drop(answer.send(Err(error))),
    };
    spawn("es-sqlite-writer", opening).map_err(|error| cannot_start(&shown, error))?;
    answered.await.unwrap_or_else(|_| Err(cannot_start(&shown, "the writer ended before it began")))
}

/// Starts the threads that read. Gives the store, and what the calling thread has to do from now on.
fn start(options: SqliteStoreBuilder, opened: Opened) -> Result<(SqliteStore, impl FnOnce()), OpenError> {
    let Opened { id, head, place, writer, readers, watch } = opened;
    let shown = place.path().unwrap_or(Path::new(":memory:")).to_owned();
    let shared = Shared {
        id,
        place: place.clone(),
        clock: Arc::clone(&options.clock),
        writes: Arc::new(Writes::new(options.commits)),
        readers: (!readers.is_empty()).then(|| Arc::new(Readers::new(readers, options.commits))),
        watch: Arc::default(),
        head: watch::Sender::new(Head { position: head, closed: false }),
        leases: Arc::default(),
        writer: thread::current().id(),
        alive: watch::Sender::new(()),
    };
    // Dropped by each of the other threads when it has closed its connection.
    let (open, others) = mpsc::channel::<Infallible>();
    let is_durable = options.durability == Durability::Full && place.path().is_some();
    let writer =
        Writer::new(writer, options.clock, place.clone(), shared.head.clone(), is_durable, options.busy_timeout)
            .map_err(|error| cannot_start(&shown, error))?;
    if let Some(readers) = &shared.readers {
        for index in readers.indices() {
            let (readers, open) = (Arc::clone(readers), open.clone());
            let work = move || {
                readers.run(index);
                drop(open);
            };
            spawn("es-sqlite-reader", work).map_err(|error| cannot_start(&shown, error))?;
        }
    }
    if let Some(db) = watch {
        let (watch, head) = (Arc::clone(&shared.watch), shared.head.clone());
        let work = move || {
            watch.run(&db, &head);
            drop(db);
            drop(open);
        };
        spawn("es-sqlite-watch", work).map_err(|error| cannot_start(&shown, error))?;
    }
    let (way, alive) = (Arc::clone(&shared.writes), shared.alive.subscribe());
    let store = SqliteStore { shared: Arc::new(shared) };
    let write = move || {
        way.run(writer, place, &others);
        drop(alive);
    };
    Ok((store, write))
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

fn cannot_start(path: &Path, source: impl Into<BoxError>) -> OpenError {
    OpenError::Failed { path: path.to_owned(), source: source.into() }
}

impl Journal for SqliteStore {
    fn id(&self) -> JournalId {
        self.shared.id
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        self.check_thread()?;
        let _under_way = self.shared.writes.begin_append();
        let (answer, answered) = oneshot::channel();
        let asked = self.shared.writes.append(Job::Append(append, answer)).await;
        asked.map_err(|_| self.shared.place.closed())?;
        let lost = |_| AppendError::Unknown { source: "the writer ended before it answered".into() };
        answered.await.map_err(lost)?
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        self.page(stream, versions, size, reader::read_stream).await
    }

    async fn read_payloads(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        self.page(stream, versions, size, reader::read_payloads).await
    }

    async fn read_all(&self, after: Position, filter: &Filter, size: PageSize) -> Result<Page, JournalError> {
        let filter = filter.clone();
        self.query("read the journal", move |reader| reader::read_all(reader, after, &filter, size)).await
    }

    async fn version(&self, stream: &StreamId) -> Result<u64, JournalError> {
        let stream = stream.clone();
        self.look("find the version of a stream", move |reader| reader::version(&reader.db, &stream)).await
    }

    async fn version_at(&self, stream: &StreamId, time: Timestamp) -> Result<u64, JournalError> {
        let stream = stream.clone();
        let query = move |reader: &mut Reader| reader::version_at(&reader.db, &stream, time);
        self.look("find the version of a stream at a time", query).await
    }

    async fn find_command(
        &self,
        stream: &StreamId,
        id: CommandId,
    ) -> Result<Option<RangeInclusive<u64>>, JournalError> {
        let stream = stream.clone();
        self.look("find a command", move |reader| reader::find_command(&reader.db, &stream, id)).await
    }

    async fn head(&self) -> Result<Position, JournalError> {
        self.look("find the head", |reader| Ok(Position::new(reader::head(&reader.db)?))).await
    }

    async fn newest(&self) -> Result<Position, JournalError> {
        self.head().await
    }

    async fn wait(&self, after: Position) -> Result<Position, JournalError> {
        let mut head = self.shared.head.subscribe();
        let _watching = self.shared.watch.begin();
        let closed = || self.shared.place.closed();
        let reached = head.wait_for(|head| head.closed || head.position > after).await.map_err(|_| closed())?;
        if reached.closed { Err(closed()) } else { Ok(reached.position) }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.shared.clock)
    }
}

impl ImportJournal for SqliteStore {
    async fn import(&self, events: Arc<Page>) -> Result<Imported, AppendError> {
        let (answer, answered) = oneshot::channel();
        self.write(Job::Import(events, answer)).await?;
        let lost = |_| AppendError::Unknown { source: "the writer ended before it answered".into() };
        answered.await.map_err(lost)?
    }
}

impl SnapshotStore for SqliteStore {
    async fn load_snapshot(
        &self,
        stream: &StreamId,
        up_to: u64,
        format: &str,
    ) -> Result<Option<Snapshot>, JournalError> {
        let action = "load a snapshot";
        let small = self.at_once(|reader| reader::load_snapshot(&reader.db, stream, up_to, format, SMALL as u64));
        if let Ok(loaded) = small.await
            && let Loaded::Snapshot(snapshot) = loaded.map_err(|failure| self.shared.place.error(action, failure))?
        {
            return Ok(snapshot);
        }
        let (stream, format) = (stream.clone(), format.to_owned());
        let query =
            move |reader: &mut Reader| match reader::load_snapshot(&reader.db, &stream, up_to, &format, u64::MAX)? {
                Loaded::Snapshot(snapshot) => Ok(snapshot),
                Loaded::TooLarge => {
                    let what = format!("a snapshot of `{stream}` has no payload");
                    Err(Failure::Damaged { position: None, what })
                }
            };
        self.query(action, query).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), JournalError> {
        self.write_snapshot(SnapshotWrite::Save(snapshot)).await
    }

    async fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> Result<(), JournalError> {
        self.write_snapshot(SnapshotWrite::Keep(stream.clone(), keep)).await
    }

    async fn delete_snapshots(&self, stream: &StreamId, versions: RangeInclusive<u64>) -> Result<(), JournalError> {
        self.write_snapshot(SnapshotWrite::Delete(stream.clone(), versions)).await
    }
}

impl ListSnapshots for SqliteStore {
    async fn list_snapshots(
        &self,
        after: Option<(&StreamId, u64)>,
        size: PageSize,
    ) -> Result<Vec<Snapshot>, JournalError> {
        let after = after.map(|(stream, version)| (stream.clone(), version));
        self.query("list the snapshots", move |reader| reader::list_snapshots(reader, after, size)).await
    }
}
