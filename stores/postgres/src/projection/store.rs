//! `PostgresStore` as a read store.

use std::ops::RangeInclusive;

use es_core::{Checkpoint, Journal, JournalId, ParkedEvent, Position, ReadStore, ReadStoreError, Work};
use sqlx::Executor as _;

use super::tx::Under;
use super::{PostgresLease, PostgresTx, checkpoint, parked};
use crate::store::PostgresStore;

impl ReadStore for PostgresStore {
    type Tx = PostgresTx;
    type Lease = PostgresLease;

    async fn lease(&self, projection: &str) -> Result<Option<PostgresLease>, ReadStoreError> {
        let projections = self.projections();
        if projections.is_closed() {
            return Err(projections.place.closed().into());
        }
        Ok(projections.leases.take(projection).await?)
    }

    async fn look(&self, projection: &str) -> Result<Option<Checkpoint>, ReadStoreError> {
        self.projections().look(projection).await
    }

    async fn transact<T: Send + 'static>(&self, work: Work<PostgresTx, T>) -> Result<T, ReadStoreError> {
        self.projections().transacted(None, work).await
    }

    async fn transact_under<T: Send + 'static>(
        &self,
        lease: &PostgresLease,
        work: Work<PostgresTx, T>,
    ) -> Result<T, ReadStoreError> {
        self.projections().transacted(Some(Under::of(lease)), work).await
    }

    async fn load(lease: &PostgresLease, tx: &mut PostgresTx) -> Result<Option<Checkpoint>, ReadStoreError> {
        checkpoint::load(lease, tx).await
    }

    async fn save(lease: &PostgresLease, tx: &mut PostgresTx, checkpoint: &Checkpoint) -> Result<(), ReadStoreError> {
        checkpoint::save(lease, tx, checkpoint).await
    }

    async fn save_at_end(
        lease: &PostgresLease,
        tx: &mut PostgresTx,
        checkpoint: &Checkpoint,
    ) -> Result<(), ReadStoreError> {
        checkpoint::save_at_end(lease, tx, checkpoint)
    }

    async fn park(lease: &PostgresLease, tx: &mut PostgresTx, event: &ParkedEvent) -> Result<(), ReadStoreError> {
        parked::park(lease, tx, event).await
    }

    async fn unpark(
        lease: &PostgresLease,
        tx: &mut PostgresTx,
        positions: RangeInclusive<Position>,
    ) -> Result<(), ReadStoreError> {
        parked::unpark(lease, tx, &positions).await
    }

    async fn parked(
        lease: &PostgresLease,
        tx: &mut PostgresTx,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadStoreError> {
        parked::parked(lease, tx, after, limit).await
    }

    async fn parts(lease: &PostgresLease, tx: &mut PostgresTx) -> Result<u16, ReadStoreError> {
        checkpoint::parts(lease, tx).await
    }

    async fn split(lease: &PostgresLease, tx: &mut PostgresTx, parts: u16) -> Result<(), ReadStoreError> {
        checkpoint::split(lease, tx, parts).await
    }

    fn holds_up(&self, journal: JournalId) -> bool {
        // Whoever reads the journal waits for each transaction that was begun before an append.
        Journal::id(self) == journal
    }

    async fn check(tx: &mut PostgresTx) -> Result<(), ReadStoreError> {
        match tx.own().execute("SELECT 1").await {
            Ok(_) => Ok(()),
            Err(error) => match tx.error("look after a transaction", error) {
                // What follows from the failure of the projection.
                ReadStoreError::Ended => Ok(()),
                other => Err(other),
            },
        }
    }
}
