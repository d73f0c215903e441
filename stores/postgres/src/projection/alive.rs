//! `Alive`: whether the server is still at the work of a projection, of which nobody knows how long it takes.

use std::future::Future;
use std::pin::pin;

use sqlx::{Connection as _, PgConnection};
use tokio::time::timeout;
use uuid::Uuid;

use crate::connections::{Connector, in_time, silent};

/// Whether somebody has the lock that marks a transaction.
const HAS_LOCK: &str = include_str!("sql/has_lock.sql");

/// The number of the lock that a transaction of a projection has for as long as it is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(pub(super) i64);

impl Mark {
    pub(super) fn of(id: Uuid) -> Self {
        // The half that is random.
        Self(i64::from_be_bytes(id.as_u64_pair().1.to_be_bytes()))
    }
}

/// Looks after a transaction over other connections.
pub(super) struct Alive<'a> {
    connector: &'a Connector,
    mark: Mark,
}

impl<'a> Alive<'a> {
    pub(super) fn new(connector: &'a Connector, mark: Mark) -> Self {
        Self { connector, mark }
    }

    /// Waits for work in the transaction, for as long as the server has it.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> sqlx::Result<T> {
        let limit = self.connector.answer_timeout;
        let mut work = pin!(work);
        loop {
            if let Ok(done) = timeout(limit, work.as_mut()).await {
                return Ok(done);
            }
            let mut looking = pin!(self.is_there());
            tokio::select! {
                biased;
                done = work.as_mut() => return Ok(done),
                is_there = looking.as_mut() => if !is_there { return Err(silent(limit)) },
            }
        }
    }

    async fn is_there(&self) -> bool {
        let asking = async {
            let mut db = PgConnection::connect_with(&self.connector.options).await?;
            sqlx::query_scalar::<_, bool>(HAS_LOCK).bind(self.mark.0).fetch_one(&mut db).await
        };
        match in_time(self.connector.connect_timeout, asking).await {
            Ok(is_there) => is_there,
            // A server that takes no more connections is there, and ends by itself what its client does not go on with.
            Err(error) => error.as_database_error().is_some(),
        }
    }
}
