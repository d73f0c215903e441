//! `InMemory`: the read store of views that are values of the program.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::{Checkpoint, Ended, ParkedEvent, ReadStore, ReadStoreError, Work};
use crate::event::{Position, StreamId};
use crate::reaction::{KeptAnswer, ReactionStore, Timer};

/// The read store of projections that are `in_memory`: the projection itself is the read model.
///
/// It is empty at each start of the program, and is built anew from the journal. There is nothing to roll back to, so
/// the view is built anew after an event that failed, too, and when a run that was changing it was dropped. Each projector
/// has a view of its own, also where several are given one store.
///
/// For tests, it keeps the checkpoints and the timers of reactions as well: for as long as there is a clone of it.
#[derive(Debug, Clone, Default)]
pub struct InMemory {
    kept: Arc<Mutex<HashMap<String, Slot>>>,
}

/// What is kept of one name. Whoever has the lease holds the outer lock.
type Slot = Arc<tokio::sync::Mutex<Mutex<Kept>>>;

#[derive(Debug, Default)]
struct Kept {
    checkpoint: Option<Checkpoint>,
    parked: BTreeMap<Position, ParkedEvent>,
    /// The timers of a reaction, by stream and name.
    timers: BTreeMap<(StreamId, String), Timer>,
    answers: Vec<KeptAnswer>,
}

/// The right to advance a view in memory.
#[derive(Debug)]
pub struct InMemoryLease(OwnedMutexGuard<Mutex<Kept>>);

impl InMemoryLease {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Each change is one assignment: a panic leaves none half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadStore for InMemory {
    type Tx = ();
    type Lease = InMemoryLease;

    const ROLLS_BACK: bool = false;

    fn for_view(&self) -> Self {
        Self::default()
    }

    async fn lease(&self, projection: &str) -> Result<Option<InMemoryLease>, ReadStoreError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = Arc::clone(kept.entry(projection.to_owned()).or_default());
        Ok(slot.try_lock_owned().ok().map(InMemoryLease))
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

impl ReactionStore for InMemory {
    async fn set_timer(lease: &InMemoryLease, _tx: &mut (), timer: &Timer) -> Result<(), ReadStoreError> {
        lease.kept().timers.insert((timer.stream.clone(), timer.name.clone()), timer.clone());
        Ok(())
    }

    async fn remove_timer(
        lease: &InMemoryLease,
        _tx: &mut (),
        stream: &StreamId,
        name: &str,
    ) -> Result<(), ReadStoreError> {
        lease.kept().timers.remove(&(stream.clone(), name.to_owned()));
        Ok(())
    }

    async fn timers(
        lease: &InMemoryLease,
        _tx: &mut (),
        put_aside: bool,
        limit: usize,
    ) -> Result<Vec<Timer>, ReadStoreError> {
        let kept = lease.kept();
        let mut timers: Vec<_> = kept.timers.values().filter(|timer| timer.error.is_some() == put_aside).collect();
        timers.sort_by_key(|timer| timer.due);
        Ok(timers.into_iter().take(limit).cloned().collect())
    }

    async fn keep_answer(lease: &InMemoryLease, _tx: &mut (), answer: &KeptAnswer) -> Result<(), ReadStoreError> {
        let mut kept = lease.kept();
        kept.answers.retain(|other| other.command != answer.command);
        kept.answers.push(answer.clone());
        Ok(())
    }

    async fn answers(lease: &InMemoryLease, _tx: &mut ()) -> Result<Vec<KeptAnswer>, ReadStoreError> {
        Ok(lease.kept().answers.clone())
    }

    async fn forget_answers(lease: &InMemoryLease, _tx: &mut (), occasion: uuid::Uuid) -> Result<(), ReadStoreError> {
        lease.kept().answers.retain(|answer| answer.occasion != occasion);
        Ok(())
    }
}
