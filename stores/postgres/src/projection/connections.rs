//! `Connections`: those that projections write on, one for each transaction at a time.
//!
//! A pool of sqlx asks a connection three things between two transactions. Here one is put back only by who knows that its
//! transaction has ended, and closed in all other cases.

use std::io::ErrorKind;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::connections::{Connector, in_time};

/// How many transactions of projections there may be at the same time.
pub(super) const MOST: usize = 16;
/// A connection that nobody has used for so long is closed.
const UNUSED: Duration = Duration::from_mins(10);
/// How long to wait before a server is asked again that takes no connection now, the first time and at most.
const REST: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Connections of their own: no query of the program keeps projections waiting.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
}

#[derive(Debug)]
struct Shared {
    connector: Connector,
    /// What each connection is told first.
    settings: Arc<str>,
    /// The one that was used last is the last.
    idle: Mutex<Vec<(PgConnection, Instant)>>,
    /// Each that is lent has a receiver of it.
    lent: watch::Sender<()>,
}

/// A connection that is lent. It is closed, unless it is [given back](Self::give_back).
#[derive(Debug)]
pub(super) struct Lent {
    pub(super) db: PgConnection,
    from: Connections,
    _permit: OwnedSemaphorePermit,
    _counts: watch::Receiver<()>,
}

impl Connections {
    pub(super) fn new(connector: Connector, prepare: &str) -> Self {
        // What a projection does after it has ended its transaction cannot be undone, so nothing can be written outside of the
        // transactions that are begun here.
        let settings = format!("{} SET default_transaction_read_only = on; {prepare}", connector.client_gone());
        let shared =
            Shared { connector, settings: settings.into(), idle: Mutex::default(), lent: watch::Sender::new(()) };
        Self { shared: Arc::new(shared), permits: Arc::new(Semaphore::new(MOST)) }
    }

    /// Lends a connection, once there is one to lend.
    pub(super) async fn lend(&self) -> sqlx::Result<Lent> {
        let limit = self.shared.connector.connect_timeout;
        let permit = tokio::time::timeout(limit, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().pop();
        let db = match idle {
            Some((db, _)) => db,
            None => in_time(limit, self.connect()).await?,
        };
        Ok(Lent { db, from: self.clone(), _permit: permit, _counts: self.shared.lent.subscribe() })
    }

    /// Closes those that nobody uses: where one is broken, the others are too.
    pub(super) fn forget(&self) {
        self.idle().clear();
    }

    /// Closes all, once those that are lent are given back.
    pub(super) async fn close(&self) {
        self.permits.close();
        self.forget();
        self.shared.lent.closed().await;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        let mut rest = REST.0;
        loop {
            match self.connect_now().await {
                Err(error) if starts(&error) => tokio::time::sleep(rest).await,
                result => return result,
            }
            rest = (rest * 2).min(REST.1);
        }
    }

    async fn connect_now(&self) -> sqlx::Result<PgConnection> {
        let mut db = PgConnection::connect_with(&self.shared.connector.options).await?;
        // Transactions are begun and ended by messages of several statements, of which sqlx knows nothing. It has to know that
        // there is one, since what a projection begins in it is a savepoint then.
        mem::forget(db.begin_with("BEGIN").await?);
        let settings = format!("ROLLBACK; {}", self.shared.settings);
        sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut db).await?;
        Ok(db)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(PgConnection, Instant)>> {
        // A push and a pop leave nothing half done.
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    /// Puts the connection back: it is in no transaction.
    pub(super) fn give_back(self) {
        let Self { db, from, .. } = self;
        let mut idle = from.idle();
        if !from.is_closed() {
            idle.retain(|(_, since)| since.elapsed() < UNUSED);
            idle.push((db, Instant::now()));
        }
    }
}

/// Whether the server is about to start, or has no room just now.
fn starts(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        error => matches!(crate::place::code(error).as_deref(), Some("53300" | "57P03")),
    }
}
