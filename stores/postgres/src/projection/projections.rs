//! `Projections`: what a store has for them.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use es_core::{Checkpoint, Ended, JournalError, ReadStoreError, Work};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool, Row as _};

use super::alive::Alive;
use super::dropped::Waited;
use super::leases::Leases;
use super::statements::Statements;
use super::{PostgresTx, checkpoint};
use crate::connections::{Connector, in_time};
use crate::place::Place;

/// How many transactions of projections there may be at the same time.
const CONNECTIONS: u32 = 16;

/// The connections that projections write on, and the leases that this process has.
#[derive(Debug, Clone)]
pub(crate) struct Projections {
    pub(super) place: Place,
    pool: PgPool,
    pub(super) statements: Arc<Statements>,
    pub(super) leases: Arc<Leases>,
    connector: Connector,
}

impl Projections {
    pub(crate) fn new(connector: &Connector, lease_time: Duration) -> Self {
        let Connector { schema, place, options, connect_timeout, answer_timeout: limit, .. } = connector.clone();
        // A pool of their own: no query of the program keeps projections waiting. What a projection does after it has ended
        // its transaction cannot be undone, so nothing can be written outside of the transactions that are begun here.
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false);
        let settings = format!("{} SET default_transaction_read_only = on;", connector.client_gone());
        let pool = pool.acquire_timeout(connect_timeout).after_connect(move |db, _| {
            let settings = AssertSqlSafe(settings.clone());
            Box::pin(async move { sqlx::raw_sql(settings).execute(db).await.map(drop) })
        });
        // One that does not answer would not leave the pool, and one on which a begin was broken off may be in a transaction.
        let pool = pool.after_release(move |db, _| {
            Box::pin(async move {
                // As one message: a statement that begins a transaction begins with it.
                let ask = sqlx::raw_sql("SELECT now() = statement_timestamp()").fetch_one(db);
                in_time(limit, ask).await.map(|row| row.get(0))
            })
        });
        let statements = Arc::new(Statements::new(&schema));
        let leases = Leases::new(place.clone(), options.clone(), Arc::clone(&statements), lease_time);
        Self {
            place,
            pool: pool.connect_lazy_with(options),
            statements,
            leases: Arc::new(leases),
            connector: connector.clone(),
        }
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.pool.is_closed()
    }

    /// Runs work in a transaction; `None` where nobody waited for it any more before it was committed.
    pub(super) async fn transact<T>(
        self,
        work: Work<PostgresTx, T>,
        mut waited: Waited,
    ) -> Result<Option<T>, ReadStoreError> {
        // Not to be broken off: it might leave a transaction open in the pool.
        let mut tx = self.begin().await?;
        let alive = Alive::new(&self.connector, tx.mark());
        let ended = match waited.unless_dropped(alive.during(work(&mut tx))).await {
            Some(Ok(ended)) => Some(ended),
            Some(Err(silent)) => return Err(self.place.error("go on with a transaction", silent).into()),
            None => None,
        };
        match ended {
            Some(Ended::Commit(value)) if waited.decide() => tx.commit().await.map(|()| Some(value)),
            Some(Ended::RollBack(value)) => {
                tx.roll_back().await;
                Ok(Some(value))
            }
            _ => {
                tx.roll_back().await;
                Ok(None)
            }
        }
    }

    /// How far a projection has come.
    pub(super) async fn look(&self, projection: &str) -> Result<Option<Checkpoint>, ReadStoreError> {
        let look = sqlx::query(self.statements.look.sql()).bind(projection).fetch_optional(&self.pool);
        let row = in_time(self.connector.answer_timeout, look).await;
        let row = row.map_err(|error| self.place.error("look at a projection", error))?;
        let found = row.as_ref().map(checkpoint::checkpoint).transpose();
        let damaged = |what| self.place.damaged(None, format!("the checkpoint of projection `{projection}`: {what}"));
        Ok(found.map_err(damaged)?.flatten())
    }

    async fn begin(&self) -> Result<PostgresTx, JournalError> {
        let mut tries = 0;
        loop {
            let limit = self.connector.answer_timeout;
            match in_time(limit, PostgresTx::begin(&self.pool, &self.place, &self.statements, limit)).await {
                Ok(tx) => return Ok(tx),
                // A connection that was idle when the server went away; the pool has closed it.
                Err(sqlx::Error::Io(error)) if error.kind() != ErrorKind::TimedOut && tries < CONNECTIONS => tries += 1,
                Err(error) if is_ended(&error) && tries < CONNECTIONS => tries += 1,
                Err(error) => return Err(self.place.error("begin a transaction", error)),
            }
        }
    }
}

/// Whether the server has ended the connection, so that another one may do. Where it takes none now, the next one would be
/// refused as well.
fn is_ended(error: &sqlx::Error) -> bool {
    crate::place::code(error).is_some_and(|code| crate::place::has_ended(&code))
}
