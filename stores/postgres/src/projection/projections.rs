//! `Projections`: what a store has for them.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use es_core::{Checkpoint, Ended, JournalError, ReadStoreError, Work};

use super::alive::Alive;
use super::connections::{Connections, MOST};
use super::dropped::{Waited, waiter};
use super::leases::Leases;
use super::statements::Statements;
use super::tx::Under;
use super::{PostgresTx, checkpoint};
use crate::connections::{Connector, in_time};
use crate::place::Place;

/// The connections that projections write on, and the leases that this process has.
#[derive(Debug, Clone)]
pub(crate) struct Projections {
    pub(super) place: Place,
    connections: Connections,
    pub(super) statements: Arc<Statements>,
    pub(super) leases: Arc<Leases>,
    connector: Connector,
}

impl Projections {
    pub(crate) fn new(connector: &Connector, lease_time: Duration) -> Self {
        let Connector { schema, place, options, .. } = connector.clone();
        let statements = Arc::new(Statements::new(&schema));
        let leases = Leases::new(place.clone(), options, Arc::clone(&statements), lease_time);
        Self {
            place,
            connections: Connections::new(connector.clone(), &statements.prepare),
            statements,
            leases: Arc::new(leases),
            connector: connector.clone(),
        }
    }

    pub(crate) async fn close(&self) {
        self.connections.close().await;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.connections.is_closed()
    }

    /// Runs work in a transaction, in a task of its own, which brings it to an end when this future is dropped.
    pub(super) async fn transacted<T: Send + 'static>(
        &self,
        under: Option<Under>,
        work: Work<PostgresTx, T>,
    ) -> Result<T, ReadStoreError> {
        let closed = || self.place.closed();
        let (asks, waited) = waiter();
        let ended = tokio::spawn(self.clone().transact(under, work, waited)).await;
        drop(asks);
        match ended {
            Ok(result) => result?.ok_or_else(|| closed().into()),
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends, and all its tasks with it.
                Err(_) => Err(closed().into()),
            },
        }
    }

    /// Runs work in a transaction; `None` where nobody waited for it any more before it was committed.
    async fn transact<T>(
        self,
        under: Option<Under>,
        work: Work<PostgresTx, T>,
        mut waited: Waited,
    ) -> Result<Option<T>, ReadStoreError> {
        let mut tx = self.begin(under.as_ref()).await?;
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
        let looking = async {
            let mut lent = self.connections.lend().await?;
            let look = sqlx::query(self.statements.look.sql()).bind(projection);
            let row = look.fetch_optional(&mut lent.db).await?;
            lent.give_back();
            Ok::<_, sqlx::Error>(row)
        };
        let row = in_time(self.connector.answer_timeout, looking).await;
        let row = row.map_err(|error| self.place.error("look at a projection", error))?;
        let found = row.as_ref().map(checkpoint::checkpoint).transpose();
        let damaged = |what| self.place.damaged(None, format!("the checkpoint of projection `{projection}`: {what}"));
        Ok(found.map_err(damaged)?.flatten())
    }

    async fn begin(&self, under: Option<&Under>) -> Result<PostgresTx, JournalError> {
        let mut tries = 0;
        loop {
            let limit = self.connector.answer_timeout;
            let begin = PostgresTx::begin(&self.connections, &self.place, &self.statements, limit, under);
            match in_time(limit, begin).await {
                Ok(tx) => return Ok(tx),
                // A connection that was idle when the server went away.
                Err(sqlx::Error::Io(error)) if error.kind() != ErrorKind::TimedOut && tries < MOST => tries += 1,
                Err(error) if is_ended(&error) && tries < MOST => tries += 1,
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
