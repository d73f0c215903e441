//! A store for checkpoints and timers that fails, loses answers, and forgets, as asked.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard};

use es_core::{
    Checkpoint, Ended, JournalError, KeptAnswer, ParkedEvent, Position, ReactionStore, ReadStore, ReadStoreError,
    StreamId, Timer, Work,
};
use uuid::Uuid;

/// What happens to a transaction.
#[derive(Debug, Clone, Copy)]
pub enum StoreFault {
    /// It works.
    None,
    /// It does not begin.
    Fail,
    /// It is done, but its answer gets lost.
    LoseAnswer,
}

#[derive(Clone, Default)]
pub struct Shelf {
    state: Arc<Mutex<State>>,
    /// What happens to the transactions to come; without faults once it is empty.
    pub faults: Arc<Mutex<VecDeque<StoreFault>>>,
    /// The bug that shows that the tests look for it: no answer is kept.
    pub forgets_answers: bool,
}

#[derive(Default)]
struct State {
    tx: ShelfTx,
    held: bool,
}

#[derive(Clone, Default)]
pub struct ShelfTx {
    pub checkpoint: Option<Checkpoint>,
    pub parked: BTreeMap<Position, ParkedEvent>,
    pub timers: BTreeMap<(StreamId, String), Timer>,
    pub answers: Vec<KeptAnswer>,
}

pub struct Held(Shelf);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state().held = false;
    }
}

impl Shelf {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn now(&self) -> ShelfTx {
        self.state().tx.clone()
    }
}

impl ReadStore for Shelf {
    type Tx = ShelfTx;
    type Lease = Held;

    async fn lease(&self, _: &str) -> Result<Option<Held>, ReadStoreError> {
        let was_held = std::mem::replace(&mut self.state().held, true);
        Ok((!was_held).then(|| Held(self.clone())))
    }

    async fn transact<T: Send + 'static>(&self, work: Work<ShelfTx, T>) -> Result<T, ReadStoreError> {
        tokio::task::yield_now().await;
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(StoreFault::None);
        let failed = |action| {
            let (store, source) = ("the shelf".to_owned(), "as asked".into());
            Err(JournalError::Failed { store, action, source }.into())
        };
        if matches!(fault, StoreFault::Fail) {
            return failed("begin");
        }
        let mut tx = self.now();
        let value = match work(&mut tx).await {
            Ended::RollBack(value) => value,
            Ended::Commit(value) => {
                self.state().tx = tx;
                value
            }
        };
        tokio::task::yield_now().await;
        if matches!(fault, StoreFault::LoseAnswer) { failed("commit") } else { Ok(value) }
    }

    async fn load(_: &Held, tx: &mut ShelfTx) -> Result<Option<Checkpoint>, ReadStoreError> {
        Ok(tx.checkpoint.clone())
    }

    async fn save(_: &Held, tx: &mut ShelfTx, checkpoint: &Checkpoint) -> Result<(), ReadStoreError> {
        tx.checkpoint = Some(checkpoint.clone());
        Ok(())
    }

    async fn park(_: &Held, tx: &mut ShelfTx, event: &ParkedEvent) -> Result<(), ReadStoreError> {
        tx.parked.insert(event.position, event.clone());
        Ok(())
    }

    async fn unpark(_: &Held, tx: &mut ShelfTx, positions: RangeInclusive<Position>) -> Result<(), ReadStoreError> {
        tx.parked.retain(|position, _| !positions.contains(position));
        Ok(())
    }

    async fn parked(
        _: &Held,
        tx: &mut ShelfTx,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadStoreError> {
        Ok(tx.parked.values().filter(|event| event.position > after).take(limit).cloned().collect())
    }
}

impl ReactionStore for Shelf {
    async fn set_timer(_: &Held, tx: &mut ShelfTx, timer: &Timer) -> Result<(), ReadStoreError> {
        tx.timers.insert((timer.stream.clone(), timer.name.clone()), timer.clone());
        Ok(())
    }

    async fn remove_timer(_: &Held, tx: &mut ShelfTx, stream: &StreamId, name: &str) -> Result<(), ReadStoreError> {
        tx.timers.remove(&(stream.clone(), name.to_owned()));
        Ok(())
    }

    async fn timers(_: &Held, tx: &mut ShelfTx, put_aside: bool, limit: usize) -> Result<Vec<Timer>, ReadStoreError> {
        let mut timers: Vec<_> = tx.timers.values().filter(|timer| timer.error.is_some() == put_aside).collect();
        timers.sort_by_key(|timer| timer.due);
        Ok(timers.into_iter().take(limit).cloned().collect())
    }

    async fn keep_answer(lease: &Held, tx: &mut ShelfTx, answer: &KeptAnswer) -> Result<(), ReadStoreError> {
        if !lease.0.forgets_answers {
            tx.answers.push(answer.clone());
        }
        Ok(())
    }

    async fn answers(_: &Held, tx: &mut ShelfTx) -> Result<Vec<KeptAnswer>, ReadStoreError> {
        Ok(tx.answers.clone())
    }

    async fn forget_answers(_: &Held, tx: &mut ShelfTx, occasion: Uuid) -> Result<(), ReadStoreError> {
        tx.answers.retain(|answer| answer.occasion != occasion);
        Ok(())
    }
}
