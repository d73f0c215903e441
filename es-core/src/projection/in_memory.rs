//! `InMemory`: the read store of views that are values of the program.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::{Checkpoint, Ended, ParkedEvent, ReadStore, ReadStoreError, Work};
use crate::event::Position;

/// The read store of projections that are `in_memory`: the projection itself is the read model.
///
/// It is empty at each start of the program, and is built anew from the journal. There is nothing to roll back to, so
/// the view is built anew after an event that failed, too.
#[derive(Debug, Clone, Default)]
pub struct InMemory {
    held: Arc<tokio::sync::Mutex<()>>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    checkpoint: Option<Checkpoint>,
    parked: BTreeMap<Position, ParkedEvent>,
}

/// The right to advance a view in memory.
#[derive(Debug)]
pub struct InMemoryLease {
    kept: Arc<Mutex<Kept>>,
    _held: OwnedMutexGuard<()>,
}

impl InMemoryLease {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Each change is one assignment: a panic leaves none half done.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadStore for InMemory {
    type Tx = ();
    type Lease = InMemoryLease;

    const ROLLS_BACK: bool = false;

    async fn lease(&self, _projection: &str) -> Result<Option<InMemoryLease>, ReadStoreError> {
        let held = Arc::clone(&self.held).try_lock_owned().ok();
        Ok(held.map(|held| InMemoryLease { kept: Arc::clone(&self.kept), _held: held }))
    }

    async fn transact<T: Send + 'static>(&self, work: Work<(), T>) -> Result<T, ReadStoreError> {
        let (Ended::Commit(value) | Ended::RollBack(value)) = work(&mut ()).await;
        Ok(value)
    }

    async fn load(lease: &InMemoryLease, _tx: &mut ()) -> Result<Option<Checkpoint>, ReadStoreError> {
        Ok(lease.kept().checkpoint.clone())
    }

    async fn save(lease: &InMemoryLease, _tx: &mut (), checkpoint: &Checkpoint) -> Result<(), ReadStoreError> {
        lease.kept().checkpoint = Some(checkpoint.clone());
        Ok(())
    }

    async fn park(lease: &InMemoryLease, _tx: &mut (), event: &ParkedEvent) -> Result<(), ReadStoreError> {
        lease.kept().parked.insert(event.position, event.clone());
        Ok(())
    }

    async fn unpark(
        lease: &InMemoryLease,
        _tx: &mut (),
        positions: RangeInclusive<Position>,
    ) -> Result<(), ReadStoreError> {
        lease.kept().parked.retain(|position, _| !positions.contains(position));
        Ok(())
    }

    async fn parked(
        lease: &InMemoryLease,
        _tx: &mut (),
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadStoreError> {
        let kept = lease.kept();
        let after = (Bound::Excluded(after), Bound::Unbounded);
        Ok(kept.parked.range(after).take(limit).map(|(_, event)| event.clone()).collect())
    }
}
