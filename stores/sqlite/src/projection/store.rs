//! `SqliteStore` as a read store.

use std::ops::RangeInclusive;

use es_core::{
    Checkpoint, Ended, InlineStore, InlineView, JournalError, JournalId, KeptAnswer, ParkedEvent, Position,
    ReactionStore, ReadStore, ReadStoreError, StreamId, Timer, Work,
};
use uuid::Uuid;

use super::lease::{Lock, Share};
use super::{SqliteLease, SqliteTx, checkpoint, parked, timers};
use crate::reader::Reader;
use crate::store::SqliteStore;

impl ReadStore for SqliteStore {
    type Tx = SqliteTx;
    type Lease = SqliteLease;

    async fn lease(&self, projection: &str) -> Result<Option<SqliteLease>, ReadStoreError> {
        // That of a part. There is one process at most that projects into a file.
        if projection.contains('#') {
            return Err(ReadStoreError::WholeOnly);
        }
        let Some(lock) = Lock::take(projection, Share::No, self.place(), self.leases())? else { return Ok(None) };
        let name = projection.to_owned();
        let take: Work<SqliteTx, Result<i64, JournalError>> = Box::new(move |tx| {
            Box::pin(async move { tx.own("take a projection", |db| checkpoint::take(db, &name)).into() })
        });
        let epoch = self.transact(take).await??;
        Ok(Some(SqliteLease::new(projection, epoch, lock)))
    }

    async fn look(&self, projection: &str) -> Result<Option<Checkpoint>, ReadStoreError> {
        let projection = projection.to_owned();
        let look = move |reader: &mut Reader| checkpoint::load(&reader.db, &projection);
        Ok(self.query("look at a projection", look).await?)
    }

    async fn transact<T: Send + 'static>(&self, work: Work<SqliteTx, T>) -> Result<T, ReadStoreError> {
        Ok(self.run_transaction(work).await?)
    }

    async fn load(lease: &SqliteLease, tx: &mut SqliteTx) -> Result<Option<Checkpoint>, ReadStoreError> {
        Ok(tx.own("load a checkpoint", |db| checkpoint::load(db, &lease.projection))?)
    }

    async fn save(lease: &SqliteLease, tx: &mut SqliteTx, checkpoint: &Checkpoint) -> Result<(), ReadStoreError> {
        if tx.own("save a checkpoint", |db| checkpoint::save(db, lease, checkpoint))? {
            // Where it begins. It may be where the journal ended then, and nobody finds that again.
            if checkpoint.last.is_none() {
                tx.have_it_last();
            }
            return Ok(());
        }
        Err(ReadStoreError::TakenOver { projection: lease.projection.clone() })
    }

    async fn park(lease: &SqliteLease, tx: &mut SqliteTx, event: &ParkedEvent) -> Result<(), ReadStoreError> {
        Ok(tx.own("park an event", |db| parked::park(db, lease, event))?)
    }

    async fn unpark(
        lease: &SqliteLease,
        tx: &mut SqliteTx,
        positions: RangeInclusive<Position>,
    ) -> Result<(), ReadStoreError> {
        Ok(tx.own("take back parked events", |db| parked::unpark(db, lease, &positions))?)
    }

    async fn parked(
        lease: &SqliteLease,
        tx: &mut SqliteTx,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadStoreError> {
        Ok(tx.own("read parked events", |db| parked::parked(db, lease, after, limit))?)
    }

    fn is_open(tx: &mut SqliteTx) -> bool {
        !tx.is_autocommit()
    }

    fn holds_up(&self, journal: JournalId) -> bool {
        es_core::Journal::id(self) == journal
    }
}

impl ReactionStore for SqliteStore {
    async fn set_timer(lease: &SqliteLease, tx: &mut SqliteTx, timer: &Timer) -> Result<(), ReadStoreError> {
        Ok(tx.own("set a timer", |db| timers::set(db, lease, timer))?)
    }

    async fn remove_timer(
        lease: &SqliteLease,
        tx: &mut SqliteTx,
        stream: &StreamId,
        name: &str,
    ) -> Result<(), ReadStoreError> {
        Ok(tx.own("remove a timer", |db| timers::remove(db, lease, stream, name))?)
    }

    async fn timers(
        lease: &SqliteLease,
        tx: &mut SqliteTx,
        put_aside: bool,
        limit: usize,
    ) -> Result<Vec<Timer>, ReadStoreError> {
        Ok(tx.own("read timers", |db| timers::first(db, lease, put_aside, limit))?)
    }

    async fn keep_answer(lease: &SqliteLease, tx: &mut SqliteTx, answer: &KeptAnswer) -> Result<(), ReadStoreError> {
        tx.own("keep an answer", |db| timers::keep(db, lease, answer))?;
        // What follows from it may be in another file, or on a server.
        tx.have_it_last();
        Ok(())
    }

    async fn answers(lease: &SqliteLease, tx: &mut SqliteTx) -> Result<Vec<KeptAnswer>, ReadStoreError> {
        Ok(tx.own("read kept answers", |db| timers::answers(db, lease))?)
    }

    async fn forget_answers(lease: &SqliteLease, tx: &mut SqliteTx, occasion: Uuid) -> Result<(), ReadStoreError> {
        Ok(tx.own("forget kept answers", |db| timers::forget(db, lease, occasion))?)
    }
}

impl InlineStore for SqliteStore {
    async fn lease_inline(&self, projection: &str) -> Result<Option<SqliteLease>, ReadStoreError> {
        let lock = Lock::take(projection, Share::WithInline, self.place(), self.leases())?;
        let Some(lock) = lock else { return Ok(None) };
        let name = projection.to_owned();
        let find: Work<SqliteTx, _> = Box::new(move |tx| {
            Box::pin(async move { Ended::RollBack(tx.own("look at a projection", |db| checkpoint::epoch(db, &name))) })
        });
        let epoch = self.transact(find).await??;
        Ok(Some(SqliteLease::new(projection, epoch, lock)))
    }

    async fn inline(&self, view: Box<dyn InlineView<SqliteTx>>) -> Result<(), ReadStoreError> {
        Ok(self.add_view(view).await?)
    }
}
