//! Reading: pages of events, and what is asked of single streams.

mod events;
mod head;
mod held_back;
mod kinds;
mod meanings;
mod page;
mod payloads;
mod row;
mod stream;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use es_core::JournalError;
use sqlx::AssertSqlSafe;

use crate::connections::{Connections, Connector, Lent};
use crate::place::Place;
use crate::schema::Schema;
use head::Patience;

pub(crate) use meanings::Meanings;
pub(crate) use row::as_time;

/// The connections to read on.
#[derive(Debug)]
pub(crate) struct Reader {
    connections: Connections,
    answer_timeout: Duration,
    place: Place,
    schema: Schema,
    /// The bytes of an event, of late.
    event_bytes: AtomicUsize,
    patience: Patience,
    sql: Statements,
}

/// The statements that are run again and again.
#[derive(Debug)]
struct Statements {
    stream: Arc<str>,
    payloads: Arc<str>,
    all: Arc<str>,
    end: Arc<str>,
    version: Arc<str>,
}

/// Why something cannot be read.
#[derive(Debug)]
pub(crate) enum Trouble {
    Database(sqlx::Error),
    Journal(JournalError),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<JournalError> for Trouble {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl Trouble {
    pub(crate) fn error(self, place: &Place, action: &'static str) -> JournalError {
        match self {
            Self::Database(error) => place.error(action, error),
            Self::Journal(error) => error,
        }
    }

    /// Whether the connection is gone. Nothing is the worse for asking again on another one.
    pub(crate) fn is_lost(&self) -> bool {
        match self {
            // Where nothing was said for long it would not be said sooner the next time.
            Self::Database(sqlx::Error::Io(error)) => error.kind() != std::io::ErrorKind::TimedOut,
            Self::Database(error) => crate::place::code(error).is_some_and(|code| crate::place::is_away(&code)),
            Self::Journal(_) => false,
        }
    }
}

/// Runs a query on a connection; once more on a new one, where the old one turns out to be gone.
macro_rules! on_connection {
    ($reader:expr, $action:expr, |$lent:ident| $query:expr) => {{
        let reader: &$crate::reader::Reader = $reader;
        let mut lent = reader.lend().await?;
        loop {
            let result = {
                let $lent = &mut lent;
                // It is held by many futures, one within the other, and moved by each.
                $crate::connections::in_time(reader.answer_timeout(), Box::pin($query)).await
            };
            match result {
                Ok(value) => {
                    lent.give_back();
                    break Ok(value);
                }
                Err(trouble) if lent.is_old && trouble.is_lost() => {
                    drop(lent);
                    lent = reader.lend_new().await?;
                }
                Err(trouble) => break Err($crate::reader::Trouble::error(trouble, reader.place(), $action)),
            }
        }
    }};
}
pub(crate) use on_connection;

impl Reader {
    pub(crate) fn new(connector: Connector, most: usize) -> Self {
        let (place, schema) = (connector.place.clone(), connector.schema.clone());
        let ready = |sql: &str| Arc::from(schema.sql(sql).0);
        let sql = Statements {
            stream: ready(include_str!("stream.sql")),
            payloads: ready(include_str!("payloads.sql")),
            all: ready(include_str!("all.sql")),
            end: ready(include_str!("end.sql")),
            version: ready("SELECT version FROM {schema}.streams WHERE aggregate = $1 AND id = $2"),
        };
        Self {
            answer_timeout: connector.answer_timeout,
            connections: Connections::new(connector, most),
            place,
            schema,
            event_bytes: AtomicUsize::new(256),
            patience: Patience::default(),
            sql,
        }
    }

    pub(crate) fn close(&self) {
        self.connections.close();
    }

    pub(crate) fn answer_timeout(&self) -> Duration {
        self.answer_timeout
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) async fn lend_new(&self) -> Result<Lent<'_>, JournalError> {
        self.connections.lend_new().await
    }

    pub(crate) async fn lend(&self) -> Result<Lent<'_>, JournalError> {
        self.connections.lend().await
    }
}

fn ready(sql: &Arc<str>) -> AssertSqlSafe<Arc<str>> {
    AssertSqlSafe(Arc::clone(sql))
}

/// A number as PostgreSQL has it; there is nothing above the largest.
pub(crate) fn as_integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
