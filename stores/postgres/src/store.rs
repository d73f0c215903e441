//! `PostgresStore`: a handle on the connections to one journal.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use es_core::{
    Append, AppendError, Appended, Clock, CommandId, Filter, HeldBack, ImportJournal, Imported, Journal, JournalError,
    JournalId, ListSnapshots, Page, PageSize, Position, Snapshot, SnapshotStore, StreamId, Timestamp,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot, watch};

use crate::builder::PostgresStoreBuilder;
use crate::connections::{Connector, in_time};
use crate::error::ConnectError;
use crate::place::Place;
use crate::projection::Projections;
use crate::reader::Reader;
use crate::schema::{Known, Schema, make_ready};
use crate::watch::Watch;
use crate::writer::{self, Answer, Job};

/// A journal and its snapshots in one schema of a PostgreSQL database.
///
/// Clones are handles on the same store. Connections are closed with the last of them, or by [`close`](Self::close).
/// A future that is dropped leaves nothing half done: what it had asked for happens as a whole or not at all.
///
/// What it does it does in tasks of the runtime that it was connected on; it ends with that.
#[derive(Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

struct Shared {
    known: Known,
    place: Place,
    clock: Arc<dyn Clock>,
    pool: PgPool,
    projections: Projections,
    reader: Arc<Reader>,
    watch: Arc<Watch>,
    /// `None` once it is closed.
    appends: Mutex<Option<mpsc::Sender<Job>>>,
    /// The tasks that write have receivers of it until they are done.
    alive: watch::Sender<()>,
}

impl PostgresStore {
    /// Connects to the database at `url`: `postgres://user:password@host:port/database`. The tables are created where
    /// they are missing.
    ///
    /// # Errors
    ///
    /// A [`ConnectError`], which says what keeps the database from being used.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::builder().connect(url).await
    }

    /// Makes a store that is not like the default.
    pub fn builder() -> PostgresStoreBuilder {
        PostgresStoreBuilder::new()
    }

    /// The SQL that makes the tables of a journal in the schema `schema`, for those who apply it themselves.
    ///
    /// It stands in one transaction, for a database that has no such tables yet.
    ///
    /// # Errors
    ///
    /// [`ConnectError::SchemaName`] for a schema that cannot be.
    pub fn schema_sql(schema: &str) -> Result<String, ConnectError> {
        Ok(Schema::new(schema)?.all())
    }

    /// The pool for queries of your own: those of read models, above all.
    pub fn pool(&self) -> &PgPool {
        &self.shared.pool
    }

    /// Does the appends that were asked for before, then closes all connections, for all handles. What is asked for
    /// afterwards is [`JournalError::Closed`].
    pub async fn close(&self) {
        self.shared.projections.close().await;
        self.shared.close();
        // Each task that writes has a receiver of it until it is done.
        self.shared.alive.closed().await;
        self.shared.pool.close().await;
    }

    /// Gives a job to the tasks that write, and waits for the answer.
    async fn write<T>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Result<T, AppendError> {
        let closed = || self.shared.place.closed();
        let (answer, answered) = oneshot::channel();
        let appends = self.shared.appends().clone().ok_or_else(closed)?;
        appends.send(job(answer)).await.map_err(|_| closed())?;
        // A sender that is kept keeps the writers waiting for more.
        drop(appends);
        let lost = |_| AppendError::Unknown { source: "the task that writes ended before it answered".into() };
        answered.await.map_err(lost)?
    }

    pub(crate) fn projections(&self) -> &Projections {
        &self.shared.projections
    }
}

impl Shared {
    /// The queue, unless it is closed.
    fn appends(&self) -> MutexGuard<'_, Option<mpsc::Sender<Job>>> {
        // It is there or is not.
        self.appends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        *self.appends() = None;
        self.watch.close();
        self.reader.close();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { known, place, .. } = &*self.shared;
        f.debug_struct("PostgresStore").field("place", &place.name()).field("id", &known.id.0).finish_non_exhaustive()
    }
}

/// Makes the database ready, and the connections.
pub(crate) async fn connect(
    builder: PostgresStoreBuilder,
    options: PgConnectOptions,
) -> Result<PostgresStore, ConnectError> {
    let schema = Schema::new(&builder.schema)?;
    let place = Place::new(&options, &schema);
    let failed = |error| place.connect_error(error);
    let answer_timeout = builder.patience_with_answers();
    let connecting = PgConnection::connect_with(&options);
    let mut db = in_time(builder.connect_timeout, connecting).await.map_err(failed)?;
    let known = make_ready(&mut db, &schema, &place, builder.migrate, answer_timeout).await?;
    drop(db);
    let connector = Connector {
        options: options.clone(),
        schema,
        place: place.clone(),
        statement_timeout: builder.statement_timeout,
        connect_timeout: builder.connect_timeout,
        answer_timeout,
    };
    let projections = Projections::new(&connector, builder.lease_time);
    let pool = builder.pool.test_before_acquire(false).connect_lazy_with(options);
    let reader = Arc::new(Reader::new(connector.clone(), builder.readers));
    let watch = Arc::new(Watch::new());
    crate::watch::start(&watch, &connector, known.id.0);
    let alive = watch::Sender::new(());
    let appends = writer::start(&connector, builder.writers, &builder.clock, &watch, &alive);
    let appends = Mutex::new(Some(appends));
    let shared = Shared { known, place, clock: builder.clock, pool, reader, watch, appends, alive, projections };
    Ok(PostgresStore { shared: Arc::new(shared) })
}

impl Journal for PostgresStore {
    fn id(&self) -> JournalId {
        self.shared.known.id
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        self.write(|answer| Job::Append(append, answer)).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        self.shared.reader.read_stream(stream, &versions, size).await
    }

    async fn read_payloads(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        self.shared.reader.read_payloads(stream, &versions, size).await
    }

    async fn read_all(&self, after: Position, filter: &Filter, size: PageSize) -> Result<Page, JournalError> {
        self.shared.reader.read_all(after, filter, size).await
    }

    async fn version(&self, stream: &StreamId) -> Result<u64, JournalError> {
        self.shared.reader.version(stream).await
    }

    async fn version_at(&self, stream: &StreamId, time: Timestamp) -> Result<u64, JournalError> {
        self.shared.reader.version_at(stream, time).await
    }

    async fn find_command(
        &self,
        stream: &StreamId,
        id: CommandId,
    ) -> Result<Option<RangeInclusive<u64>>, JournalError> {
        self.shared.reader.find_command(stream, id).await
    }

    async fn head(&self) -> Result<Position, JournalError> {
        self.shared.reader.head().await
    }

    async fn newest(&self) -> Result<Position, JournalError> {
        self.shared.reader.newest().await
    }

    async fn wait(&self, after: Position) -> Result<Position, JournalError> {
        self.shared.watch.wait(&self.shared.place, after).await
    }

    async fn held_back(&self) -> Result<Option<HeldBack>, JournalError> {
        self.shared.reader.held_back().await
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.shared.clock)
    }
}

impl ImportJournal for PostgresStore {
    async fn import(&self, events: Arc<Page>) -> Result<Imported, AppendError> {
        self.write(|answer| Job::Import(events, answer)).await
    }
}

impl SnapshotStore for PostgresStore {
    async fn load_snapshot(
        &self,
        stream: &StreamId,
        up_to: u64,
        format: &str,
    ) -> Result<Option<Snapshot>, JournalError> {
        self.shared.reader.load_snapshot(stream, up_to, format).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), JournalError> {
        self.shared.reader.save_snapshot(&snapshot).await
    }

    async fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> Result<(), JournalError> {
        self.shared.reader.keep_snapshots(stream, keep).await
    }

    async fn delete_snapshots(&self, stream: &StreamId, versions: RangeInclusive<u64>) -> Result<(), JournalError> {
        self.shared.reader.delete_snapshots(stream, &versions).await
    }
}

impl ListSnapshots for PostgresStore {
    async fn list_snapshots(
        &self,
        after: Option<(&StreamId, u64)>,
        size: PageSize,
    ) -> Result<Vec<Snapshot>, JournalError> {
        self.shared.reader.list_snapshots(after, size).await
    }
}
