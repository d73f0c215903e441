//! `Connections`: those of the store itself, to read and to write on.
//!
//! A pool of sqlx asks a connection whether it still lives each time it is put back, and a future that is dropped in the
//! midst of a statement leaves it to the next user to find out. Here a connection is put back only by one who is done
//! with it, and closed in all other cases.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use es_core::JournalError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::place::Place;
use crate::schema::{Schema, check_place};

/// What each connection is set to.
const SETTINGS: &str = include_str!("settings.sql");

/// After this time without use a connection is asked whether it still lives: that there may have been a restart of the
/// server in between is more likely than that there was none.
const IDLE: Duration = Duration::from_secs(1);

/// Makes connections to the journal.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) options: PgConnectOptions,
    pub(crate) schema: Schema,
    pub(crate) place: Place,
    /// How long a statement may take.
    pub(crate) statement_timeout: Duration,
    /// How long to wait for a connection.
    pub(crate) connect_timeout: Duration,
}

impl Connector {
    /// Connects. The server may be another one than before, so it is looked where the journal is.
    pub(crate) async fn connect(&self) -> Result<PgConnection, JournalError> {
        let connecting = async {
            let mut db = PgConnection::connect_with(&self.options).await?;
            let timeout = self.statement_timeout.as_millis().to_string();
            let settings = SETTINGS.replace("{statement_timeout}", &timeout);
            sqlx::raw_sql(sqlx::AssertSqlSafe(settings)).execute(&mut db).await?;
            check_place(&mut db, &self.schema).await?;
            Ok(db)
        };
        match tokio::time::timeout(self.connect_timeout, connecting).await {
            Ok(result) => result.map_err(|error| self.place.error("connect", error)),
            Err(elapsed) => Err(JournalError::Busy { store: self.place.name(), source: elapsed.into() }),
        }
    }
}

/// A connection that nobody uses.
#[derive(Debug)]
struct Idle {
    db: PgConnection,
    since: Instant,
}

/// Some connections that are lent one after the other.
#[derive(Debug)]
pub(crate) struct Connections {
    connector: Connector,
    idle: Mutex<Vec<Idle>>,
    permits: Semaphore,
    wait: Duration,
}

/// A connection that is lent. It is closed, unless it is [given back](Self::give_back).
#[derive(Debug)]
pub(crate) struct Lent<'a> {
    pub(crate) db: PgConnection,
    /// Whether it has been used before.
    pub(crate) is_old: bool,
    from: &'a Connections,
    _permit: SemaphorePermit<'a>,
}

impl Connections {
    pub(crate) fn new(connector: Connector, most: usize) -> Self {
        let wait = connector.connect_timeout;
        Self { connector, idle: Mutex::default(), permits: Semaphore::new(most), wait }
    }

    /// Lends a connection, once there is one to lend.
    pub(crate) async fn lend(&self) -> Result<Lent<'_>, JournalError> {
        let permit = self.permit().await?;
        while let Some(idle) = self.take_idle() {
            let (mut db, is_old) = (idle.db, true);
            if idle.since.elapsed() < IDLE || db.ping().await.is_ok() {
                return Ok(Lent { db, is_old, from: self, _permit: permit });
            }
        }
        let db = self.connector.connect().await?;
        Ok(Lent { db, is_old: false, from: self, _permit: permit })
    }

    /// Lends a connection that has never been used.
    pub(crate) async fn lend_new(&self) -> Result<Lent<'_>, JournalError> {
        let permit = self.permit().await?;
        // Where one is broken, the others are too.
        self.all_idle().clear();
        let db = self.connector.connect().await?;
        Ok(Lent { db, is_old: false, from: self, _permit: permit })
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, JournalError> {
        match tokio::time::timeout(self.wait, self.permits.acquire()).await {
            Ok(permit) => permit.map_err(|_| self.connector.place.closed()),
            Err(elapsed) => Err(JournalError::Busy { store: self.connector.place.name(), source: elapsed.into() }),
        }
    }

    /// Closes the connections: those that are lent when they are given back.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.all_idle().clear();
    }

    fn take_idle(&self) -> Option<Idle> {
        self.all_idle().pop()
    }

    fn all_idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        // A push and a pop leave nothing half done.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent<'_> {
    /// Has a new connection in place of this one.
    pub(crate) async fn renew(&mut self) -> Result<(), JournalError> {
        self.db = self.from.connector.connect().await?;
        self.is_old = false;
        Ok(())
    }

    /// Puts the connection back: it is between two statements, and in no transaction.
    pub(crate) fn give_back(self) {
        if !self.from.permits.is_closed() {
            self.from.all_idle().push(Idle { db: self.db, since: Instant::now() });
        }
    }
}
