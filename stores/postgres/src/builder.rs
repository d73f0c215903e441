//! What there is to choose about a store.

use std::sync::Arc;
use std::time::Duration;

use es_core::{Clock, SystemClock};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::error::ConnectError;
use crate::store::PostgresStore;

/// How long a projection stays with a process that cannot be reached, unless the user says otherwise.
const LEASE_TIME: Duration = Duration::from_secs(10);

/// Says what a [`PostgresStore`] is to be like.
#[derive(Debug, Clone)]
pub struct PostgresStoreBuilder {
    pub(crate) schema: String,
    pub(crate) pool: PgPoolOptions,
    pub(crate) migrate: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lease_time: Duration,
    pub(crate) writers: usize,
    pub(crate) readers: usize,
    pub(crate) statement_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    /// `None` for what follows from the timeout of statements.
    pub(crate) answer_timeout: Option<Duration>,
}

/// How much longer than a statement may take its answer is waited for.
const GRACE: Duration = Duration::from_secs(10);

impl PostgresStoreBuilder {
    pub(crate) fn new() -> Self {
        Self {
            schema: "es".to_owned(),
            pool: PgPoolOptions::new(),
            migrate: true,
            clock: Arc::new(SystemClock),
            lease_time: LEASE_TIME,
            writers: 2,
            readers: 4,
            statement_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            answer_timeout: None,
        }
    }

    /// The schema that has the tables; `es` unless this is called. Each schema is a journal of its own.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// What the pool for projections and for the program's own queries is like. Connections are not asked whether they
    /// still live each time they are taken out of it, whatever is said here: a statement that fails says so too.
    #[must_use]
    pub fn pool_options(mut self, options: PgPoolOptions) -> Self {
        self.pool = options;
        self
    }

    /// Whether connecting creates the tables and brings them to the version of today; it does unless this is called with
    /// `false`. Then apply [`PostgresStore::schema_sql`] before.
    #[must_use]
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// How long a projection stays with a process that cannot be reached any more; 10 seconds unless this is called. One that ends, or
    /// that loses its connection, loses its projections at once.
    #[must_use]
    pub fn lease_time(mut self, time: Duration) -> Self {
        self.lease_time = time.max(Duration::from_millis(100));
        self
    }

    /// Takes the time from `clock`; from the system unless this is called.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How many connections write; 2 unless this is called, and 0 counts as 1. Appends that wait are written together, so
    /// more of them help only where each commit takes long.
    #[must_use]
    pub fn writers(mut self, writers: usize) -> Self {
        self.writers = writers.max(1);
        self
    }

    /// How many connections read the journal at the same time; 4 unless this is called, and 0 counts as 1.
    #[must_use]
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// How long the server may take for a statement of the store, to wait for others included, before it is an error;
    /// 30 seconds unless this is called, and zero is no limit. The wait for a standby does not count.
    ///
    /// A transaction of a projection in which nothing is done for as long is ended by the server, since readers wait for it.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// How long to wait for a connection, before it is an error; 10 seconds unless this is called.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long to wait for an answer of the server, before its connection is given up; 10 seconds longer than
    /// [`statement_timeout`](Self::statement_timeout) unless this is called.
    ///
    /// It is for servers that say nothing any more, as when their host has died or the network has lost its way. A read
    /// is an error that passes then. Of an append nobody knows whether it was written, so it is looked for. A statement of a
    /// projection may take longer, for as long as the server is at it.
    #[must_use]
    pub fn answer_timeout(mut self, timeout: Duration) -> Self {
        self.answer_timeout = Some(timeout);
        self
    }

    pub(crate) fn patience_with_answers(&self) -> Duration {
        self.answer_timeout.unwrap_or_else(|| match self.statement_timeout {
            // The server has no limit then.
            Duration::ZERO => Duration::MAX,
            timeout => timeout.saturating_add(GRACE),
        })
    }

    /// Connects to the database at `url`, see [`PostgresStore::connect`].
    ///
    /// # Errors
    ///
    /// As [`PostgresStore::connect`]; [`ConnectError::SchemaName`] for a schema that cannot be; and
    /// [`ConnectError::NotReady`] where tables are missing that are not to be created.
    pub async fn connect(self, url: &str) -> Result<PostgresStore, ConnectError> {
        let options = url.parse().map_err(|source: sqlx::Error| ConnectError::Address { source: source.into() })?;
        self.connect_with(options).await
    }

    /// The same, with options of sqlx in place of a URL.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_with(self, options: PgConnectOptions) -> Result<PostgresStore, ConnectError> {
        crate::store::connect(self, options).await
    }
}
