//! `Connections`: those of the store itself, to read and to write on.
//!
//! A pool of sqlx asks a connection whether it still lives each time it is put back, and a future that is dropped in the
//! midst of a statement leaves it to the next user to find out. Here a connection is put back only by one who is done
//! with it, and closed in all other cases.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use es_core::JournalError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::place::Place;
use crate::reader::Meanings;
use crate::schema::{Origin, Schema, check_place};

/// What each connection is set to.
const SETTINGS: &str = include_str!("settings.sql");

/// What has the server notice that a client is gone.
const CLIENT_GONE: &str = include_str!("client_gone.sql");

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
    /// How long to wait for an answer.
    pub(crate) answer_timeout: Duration,
}

/// Waits for the server, but not for longer than that: a host that died says nothing.
pub(crate) async fn in_time<T, E: From<sqlx::Error>>(
    limit: Duration,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Err(silent(limit).into()))
}

/// What is said of a server that does not answer.
pub(crate) fn silent(limit: Duration) -> sqlx::Error {
    let what = format!("the server has not answered within {} s", limit.as_secs_f64());
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, what))
}

impl Connector {
    /// Connects. The server may be another one than before, so it is looked where the journal is.
    pub(crate) async fn connect(&self) -> Result<(PgConnection, Origin), JournalError> {
        let connecting = async {
            let mut db = PgConnection::connect_with(&self.options).await?;
            let timeout = self.statement_timeout.as_millis().to_string();
            let settings = SETTINGS.replace("{statement_timeout}", &timeout);
            sqlx::raw_sql(sqlx::AssertSqlSafe(settings)).execute(&mut db).await?;
            sqlx::raw_sql(sqlx::AssertSqlSafe(self.client_gone())).execute(&mut db).await?;
            let origin = check_place(&mut db, &self.schema).await?;
            Ok((db, origin))
        };
        in_time(self.connect_timeout, connecting).await.map_err(|error| self.place.error("connect", error))
    }

    /// What has the server notice that this program is gone, for each connection.
    pub(crate) fn client_gone(&self) -> String {
        CLIENT_GONE.replace("{idle_timeout}", &self.statement_timeout.as_millis().to_string())
    }
}

/// A connection, and what numbers mean on it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) db: PgConnection,
    pub(crate) meanings: Arc<Meanings>,
}

/// A connection that nobody uses.
#[derive(Debug)]
struct Idle {
    session: Session,
    since: Instant,
}

/// Some connections that are lent one after the other.
#[derive(Debug)]
pub(crate) struct Connections {
    connector: Connector,
    /// What numbers mean where the last connection that was made leads; `None` where none does, or one was lost.
    meanings: Mutex<Option<(Origin, Arc<Meanings>)>>,
    idle: Mutex<Vec<Idle>>,
    permits: Semaphore,
    wait: Duration,
}

/// A connection that is lent. It is closed, unless it is [given back](Self::give_back).
#[derive(Debug)]
pub(crate) struct Lent<'a> {
    pub(crate) db: PgConnection,
    pub(crate) meanings: Arc<Meanings>,
    /// Whether it has been used before.
    pub(crate) is_old: bool,
    from: &'a Connections,
    permit: SemaphorePermit<'a>,
}

impl Connections {
    pub(crate) fn new(connector: Connector, most: usize) -> Self {
        let wait = connector.connect_timeout;
        Self { connector, meanings: Mutex::default(), idle: Mutex::default(), permits: Semaphore::new(most), wait }
    }

    /// Lends a connection, once there is one to lend.
    pub(crate) async fn lend(&self) -> Result<Lent<'_>, JournalError> {
        let permit = self.permit().await?;
        while let Some(Idle { mut session, since }) = self.take_idle() {
            if since.elapsed() < IDLE || in_time(self.wait, session.db.ping()).await.is_ok() {
                return Ok(self.lent(session, true, permit));
            }
            // Where one is broken, the others are too.
            self.all_idle().clear();
            self.forget();
        }
        Ok(self.lent(self.connect().await?, false, permit))
    }

    /// Lends a connection that has never been used.
    pub(crate) async fn lend_new(&self) -> Result<Lent<'_>, JournalError> {
        let permit = self.permit().await?;
        // Where one is broken, the others are too.
        self.all_idle().clear();
        self.forget();
        Ok(self.lent(self.connect().await?, false, permit))
    }

    fn lent<'a>(&'a self, session: Session, is_old: bool, permit: SemaphorePermit<'a>) -> Lent<'a> {
        let Session { db, meanings } = session;
        Lent { db, meanings, is_old, from: self, permit }
    }

    async fn connect(&self) -> Result<Session, JournalError> {
        let (db, origin) = self.connector.connect().await?;
        Ok(Session { db, meanings: self.meanings_at(origin) })
    }

    /// What numbers mean where a new connection leads.
    fn meanings_at(&self, origin: Origin) -> Arc<Meanings> {
        let mut known = self.last_meanings();
        match &*known {
            Some((same, meanings)) if *same == origin => Arc::clone(meanings),
            _ => {
                let meanings = Arc::<Meanings>::default();
                *known = Some((origin, Arc::clone(&meanings)));
                meanings
            }
        }
    }

    /// Has the next connection find out anew what numbers mean: one was lost, and with it perhaps the server's last
    /// commits.
    fn forget(&self) {
        *self.last_meanings() = None;
    }

    fn last_meanings(&self) -> MutexGuard<'_, Option<(Origin, Arc<Meanings>)>> {
        // It is replaced as a whole.
        self.meanings.lock().unwrap_or_else(PoisonError::into_inner)
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
    ///
    /// # Errors
    ///
    /// Also where it leads to other tables: what was read on the old one would mean something else on this one.
    pub(crate) async fn renew(&mut self) -> Result<(), JournalError> {
        let Session { db, meanings } = self.from.connect().await?;
        self.db = db;
        self.is_old = false;
        if Arc::ptr_eq(&self.meanings, &meanings) {
            return Ok(());
        }
        self.meanings = meanings;
        let store = self.from.connector.place.name();
        Err(JournalError::Busy { store, source: "the server was another one in the middle of a page".into() })
    }

    /// Puts the connection back: it is between two statements, and in no transaction.
    pub(crate) fn give_back(self) {
        let Self { db, meanings, from, permit, .. } = self;
        if !from.permits.is_closed() {
            from.all_idle().push(Idle { session: Session { db, meanings }, since: Instant::now() });
        }
        // Only now may the next one look for it.
        drop(permit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections() -> Connections {
        let (options, schema) = (PgConnectOptions::new_without_pgpass(), Schema::new("es").unwrap());
        let place = Place::new(&options, &schema);
        let (statement_timeout, connect_timeout) = (Duration::from_secs(1), Duration::from_secs(1));
        let answer_timeout = connect_timeout;
        Connections::new(Connector { options, schema, place, statement_timeout, connect_timeout, answer_timeout }, 4)
    }

    #[test]
    fn numbers_are_only_looked_up_on_connections_that_lead_to_the_same_tables() {
        let connections = connections();
        let at = |origin: &str| connections.meanings_at(Origin(origin.to_owned()));
        let first = at("a server");
        assert!(Arc::ptr_eq(&first, &at("a server")));
        let other = at("another server");
        assert!(!Arc::ptr_eq(&first, &other));
        // One that led there before may have been restored since.
        assert!(!Arc::ptr_eq(&first, &at("a server")));
    }

    #[test]
    fn what_a_page_of_an_old_connection_puts_back_is_not_seen_by_new_ones() {
        let connections = connections();
        let at = || connections.meanings_at(Origin("a server".to_owned()));
        let old = at();
        connections.forget();
        let stream = es_core::StreamId::new("account", "a").unwrap();
        old.streams().set(&1, stream.clone());
        let new = at();
        assert_eq!(new.streams().get(&1), None);
        assert_eq!(old.streams().get(&1), Some(stream));
    }
}
