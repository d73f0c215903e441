//! The conformance suite for read stores catches the bugs that it is there for: a store of plain maps passes it, and with one
//! bug at a time it fails the points that say so.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use es_core::testing::conformance::reactions::points as reactions;
use es_core::testing::conformance::read_store::{ReadHarness, points};
use es_core::{
    BoxError, Checkpoint, Ended, KeptAnswer, ParkedEvent, Position, Projected, ReactionStore, ReadStore,
    ReadStoreError, StreamId, Timer, Work,
};
use uuid::Uuid;

/// What a store with a bug does otherwise.
trait Bug: Send + Sync + 'static {
    const ROLLBACK_COMMITS: bool = false;
    const CHECKPOINT_APART: bool = false;
    const NO_TRANSACTION: bool = false;
    const LEASES_TO_ALL: bool = false;
    const NEVER_GIVES_BACK: bool = false;
    const ONE_CHECKPOINT: bool = false;
    const FORGETS_LAST: bool = false;
    const FORGETS_THE_END: bool = false;
    const PARKED_BACKWARDS: bool = false;
    const UNPARKS_ALL: bool = false;
    const TIMERS_APART: bool = false;
    const TIMERS_AS_SET: bool = false;
    const TIMERS_PILE_UP: bool = false;
    const REMOVES_OF_ALL: bool = false;
    const FORGETS_ALL: bool = false;
    const NEVER_REMOVES: bool = false;
}

struct Correct;

impl Bug for Correct {}

macro_rules! bugs {
    ($($name:ident: $bug:ident;)*) => {$(
        struct $name;

        impl Bug for $name {
            const $bug: bool = true;
        }
    )*};
}

bugs! {
    RollbackCommits: ROLLBACK_COMMITS;
    CheckpointApart: CHECKPOINT_APART;
    NoTransaction: NO_TRANSACTION;
    LeasesToAll: LEASES_TO_ALL;
    NeverGivesBack: NEVER_GIVES_BACK;
    OneCheckpoint: ONE_CHECKPOINT;
    ForgetsLast: FORGETS_LAST;
    ForgetsTheEnd: FORGETS_THE_END;
    ParkedBackwards: PARKED_BACKWARDS;
    UnparksAll: UNPARKS_ALL;
    TimersApart: TIMERS_APART;
    TimersAsSet: TIMERS_AS_SET;
    TimersPileUp: TIMERS_PILE_UP;
    RemovesOfAll: REMOVES_OF_ALL;
    ForgetsAll: FORGETS_ALL;
    NeverRemoves: NEVER_REMOVES;
}

/// Maps that are copied for a transaction and put back by its commit.
struct Maps<B> {
    now: Arc<Mutex<Tables>>,
    /// One transaction at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
    held: Arc<Mutex<BTreeSet<String>>>,
    bug: PhantomData<fn() -> B>,
}

#[derive(Clone, Default)]
struct Tables {
    numbers: Option<BTreeMap<String, i64>>,
    checkpoints: BTreeMap<String, Checkpoint>,
    parked: BTreeMap<(String, Position), ParkedEvent>,
    timers: Vec<(String, Timer)>,
    answers: Vec<(String, KeptAnswer)>,
}

struct Tx {
    tables: Tables,
    now: Arc<Mutex<Tables>>,
}

struct Lease<B> {
    projection: String,
    held: Arc<Mutex<BTreeSet<String>>>,
    bug: PhantomData<fn() -> B>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<B> Drop for Lease<B> {
    fn drop(&mut self) {
        lock(&self.held).remove(&self.projection);
    }
}

impl<B: Bug> Lease<B> {
    fn key(&self) -> String {
        if B::ONE_CHECKPOINT { String::new() } else { self.projection.clone() }
    }
}

impl<B> Clone for Maps<B> {
    fn clone(&self) -> Self {
        let (now, turn, held) = (Arc::clone(&self.now), Arc::clone(&self.turn), Arc::clone(&self.held));
        Self { now, turn, held, bug: PhantomData }
    }
}

impl<B: Bug> ReadStore for Maps<B> {
    type Tx = Tx;
    type Lease = Lease<B>;

    async fn lease(&self, projection: &str) -> Result<Option<Lease<B>>, ReadStoreError> {
        let is_new = lock(&self.held).insert(projection.to_owned());
        let held = if B::NEVER_GIVES_BACK { Arc::default() } else { Arc::clone(&self.held) };
        Ok((is_new || B::LEASES_TO_ALL).then(|| Lease { projection: projection.to_owned(), held, bug: PhantomData }))
    }

    async fn look(&self, projection: &str) -> Result<Option<Checkpoint>, ReadStoreError> {
        let key = if B::ONE_CHECKPOINT { "" } else { projection };
        Ok(lock(&self.now).checkpoints.get(key).cloned())
    }

    async fn transact<T: Send + 'static>(&self, work: Work<Tx, T>) -> Result<T, ReadStoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let mut tx = Tx { tables: lock(&self.now).clone(), now: Arc::clone(&self.now) };
        let now = Arc::clone(&self.now);
        let run = async move {
            let (commit, value) = match work(&mut tx).await {
                Ended::Commit(value) => (true, value),
                Ended::RollBack(value) => (B::ROLLBACK_COMMITS, value),
            };
            if commit {
                *lock(&now) = tx.tables;
            }
            drop(turn);
            value
        };
        if B::NO_TRANSACTION {
            return Ok(run.await);
        }
        // Once it is under way it goes on to its end, whoever is gone.
        let run = tokio::spawn(run).await;
        Ok(run.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic())))
    }

    async fn load(lease: &Lease<B>, tx: &mut Tx) -> Result<Option<Checkpoint>, ReadStoreError> {
        Ok(tx.tables.checkpoints.get(&lease.key()).cloned())
    }

    async fn save(lease: &Lease<B>, tx: &mut Tx, checkpoint: &Checkpoint) -> Result<(), ReadStoreError> {
        let mut checkpoint = checkpoint.clone();
        if B::FORGETS_LAST {
            checkpoint.last = None;
        }
        if B::CHECKPOINT_APART {
            lock(&tx.now).checkpoints.insert(lease.key(), checkpoint.clone());
        }
        tx.tables.checkpoints.insert(lease.key(), checkpoint);
        Ok(())
    }

    async fn save_at_end(lease: &Lease<B>, tx: &mut Tx, checkpoint: &Checkpoint) -> Result<(), ReadStoreError> {
        if B::FORGETS_THE_END {
            return Ok(());
        }
        Self::save(lease, tx, checkpoint).await
    }

    async fn park(lease: &Lease<B>, tx: &mut Tx, event: &ParkedEvent) -> Result<(), ReadStoreError> {
        tx.tables.parked.insert((lease.key(), event.position), event.clone());
        Ok(())
    }

    async fn unpark(lease: &Lease<B>, tx: &mut Tx, positions: RangeInclusive<Position>) -> Result<(), ReadStoreError> {
        let is_meant = |position: &Position| B::UNPARKS_ALL || positions.contains(position);
        tx.tables.parked.retain(|(projection, position), _| *projection != lease.key() || !is_meant(position));
        Ok(())
    }

    async fn parked(
        lease: &Lease<B>,
        tx: &mut Tx,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadStoreError> {
        let of_it = tx.tables.parked.iter().filter(|((projection, _), _)| *projection == lease.key());
        let mut events: Vec<_> = of_it.map(|(_, event)| event.clone()).filter(|event| event.position > after).collect();
        if B::PARKED_BACKWARDS {
            events.reverse();
        }
        events.truncate(limit);
        Ok(events)
    }
}

impl<B: Bug> ReactionStore for Maps<B> {
    async fn set_timer(lease: &Lease<B>, tx: &mut Tx, timer: &Timer) -> Result<(), ReadStoreError> {
        if !B::TIMERS_PILE_UP {
            Self::remove_timer(lease, tx, &timer.stream, &timer.name).await?;
        }
        tx.tables.timers.push((lease.key(), timer.clone()));
        if B::TIMERS_APART {
            lock(&tx.now).timers.push((lease.key(), timer.clone()));
        }
        Ok(())
    }

    async fn remove_timer(lease: &Lease<B>, tx: &mut Tx, stream: &StreamId, name: &str) -> Result<(), ReadStoreError> {
        if !B::NEVER_REMOVES {
            tx.tables.timers.retain(|(reaction, timer)| {
                (!B::REMOVES_OF_ALL && *reaction != lease.key()) || timer.stream != *stream || timer.name != name
            });
        }
        Ok(())
    }

    async fn timers(
        lease: &Lease<B>,
        tx: &mut Tx,
        put_aside: bool,
        limit: usize,
    ) -> Result<Vec<Timer>, ReadStoreError> {
        let is_meant =
            |(reaction, timer): &&(String, Timer)| *reaction == lease.key() && timer.error.is_some() == put_aside;
        let mut timers: Vec<_> = tx.tables.timers.iter().filter(is_meant).map(|(_, timer)| timer.clone()).collect();
        if !B::TIMERS_AS_SET {
            timers.sort_by_key(|timer| timer.due);
        }
        timers.truncate(limit);
        Ok(timers)
    }

    async fn keep_answer(lease: &Lease<B>, tx: &mut Tx, answer: &KeptAnswer) -> Result<(), ReadStoreError> {
        let key = lease.key();
        tx.tables.answers.retain(|(reaction, kept)| *reaction != key || kept.command != answer.command);
        tx.tables.answers.push((key, answer.clone()));
        Ok(())
    }

    async fn answers(lease: &Lease<B>, tx: &mut Tx) -> Result<Vec<KeptAnswer>, ReadStoreError> {
        let of_it = tx.tables.answers.iter().filter(|(reaction, _)| *reaction == lease.key());
        Ok(of_it.map(|(_, answer)| answer.clone()).collect())
    }

    async fn forget_answers(lease: &Lease<B>, tx: &mut Tx, occasion: Uuid) -> Result<(), ReadStoreError> {
        let key = lease.key();
        tx.tables
            .answers
            .retain(|(reaction, answer)| *reaction != key || (!B::FORGETS_ALL && answer.occasion != occasion));
        Ok(())
    }
}

struct With<B>(PhantomData<fn() -> B>);

impl<B: Bug> ReadHarness for With<B> {
    type Store = Maps<B>;

    async fn create() -> Self {
        Self(PhantomData)
    }

    async fn open(&self) -> Maps<B> {
        Maps { now: Arc::default(), turn: Arc::default(), held: Arc::default(), bug: PhantomData }
    }

    async fn create_table(tx: &mut Tx) -> Projected {
        match tx.tables.numbers.replace(BTreeMap::new()) {
            None => Ok(()),
            Some(_) => Err("there is a table".into()),
        }
    }

    async fn drop_table(tx: &mut Tx) -> Projected {
        tx.tables.numbers = None;
        Ok(())
    }

    async fn set(tx: &mut Tx, name: &str, number: i64) -> Projected {
        tx.tables.numbers.as_mut().ok_or("there is no table")?.insert(name.to_owned(), number);
        if B::NO_TRANSACTION {
            *lock(&tx.now) = tx.tables.clone();
        }
        Ok(())
    }

    async fn get(tx: &mut Tx, name: &str) -> Result<Option<i64>, BoxError> {
        Ok(tx.tables.numbers.as_ref().ok_or("there is no table")?.get(name).copied())
    }

    async fn table(&self, store: &Maps<B>) -> Option<BTreeMap<String, i64>> {
        lock(&store.now).numbers.clone()
    }
}

mod correct {
    es_core::testing::read_store_conformance!(super::With<super::Correct>);

    mod reactions {
        es_core::testing::reaction_conformance!(super::super::With<super::super::Correct>);
    }
}

/// Whether a point fails.
fn catches(point: fn()) -> bool {
    std::panic::catch_unwind(point).is_err()
}

#[test]
fn a_rollback_that_commits_is_caught() {
    assert!(catches(points::r1_what_is_rolled_back_leaves_nothing::<With<RollbackCommits>>));
    assert!(catches(points::r8_an_event_that_fails_leaves_nothing_of_itself::<With<RollbackCommits>>));
    assert!(catches(points::r5_a_read_model_that_cannot_be_made_leaves_nothing::<With<RollbackCommits>>));
}

#[test]
fn a_checkpoint_that_is_not_saved_at_the_end_is_caught() {
    type Place = With<ForgetsTheEnd>;
    assert!(catches(points::r1_a_checkpoint_that_is_saved_at_the_end_is_there_with_the_rest::<Place>));
}

#[test]
fn a_checkpoint_outside_of_the_transaction_is_caught() {
    type Place = With<CheckpointApart>;
    assert!(catches(points::r1_what_is_rolled_back_leaves_nothing::<Place>));
    assert!(catches(points::r1_a_checkpoint_that_is_saved_at_the_end_is_there_with_the_rest::<Place>));
}

#[test]
fn a_read_model_outside_of_the_transaction_is_caught() {
    type Place = With<NoTransaction>;
    assert!(catches(points::r1_a_transaction_whose_future_is_dropped_happens_as_a_whole_or_not_at_all::<Place>));
    assert!(catches(points::r2_each_event_is_projected_once_and_in_order_though_projectors_end_at_any_moment::<Place>));
}

#[test]
fn a_lease_that_two_have_is_caught() {
    assert!(catches(points::r3_a_lease_is_one_projectors_until_it_is_dropped::<With<LeasesToAll>>));
}

#[test]
fn a_lease_that_is_never_given_back_is_caught() {
    assert!(catches(points::r3_a_lease_is_one_projectors_until_it_is_dropped::<With<NeverGivesBack>>));
}

#[test]
fn a_checkpoint_that_all_projections_share_is_caught() {
    assert!(catches(points::r6_each_projection_has_a_checkpoint_of_its_own::<With<OneCheckpoint>>));
    assert!(catches(points::r7_parked_events_are_those_of_one_projection::<With<OneCheckpoint>>));
}

#[test]
fn a_checkpoint_of_which_a_part_is_lost_is_caught() {
    assert!(catches(points::r6_a_checkpoint_comes_back_as_it_was_saved::<With<ForgetsLast>>));
}

#[test]
fn parked_events_in_another_order_are_caught() {
    assert!(catches(points::r7_parked_events_come_back_in_their_order::<With<ParkedBackwards>>));
    assert!(catches(points::r8_a_parked_event_holds_up_its_stream_alone_until_it_is_replayed::<With<ParkedBackwards>>));
}

#[test]
fn parked_events_that_are_lost_are_caught() {
    assert!(catches(points::r7_parked_events_come_back_in_their_order::<With<UnparksAll>>));
}

#[test]
fn a_timer_outside_of_the_transaction_is_caught() {
    assert!(catches(reactions::t1_timers_and_answers_are_there_with_the_checkpoint_or_not_at_all::<With<TimersApart>>));
}

#[test]
fn timers_in_another_order_are_caught() {
    assert!(catches(
        reactions::t2_timers_come_back_as_they_were_set_in_the_order_in_which_they_are_due::<With<TimersAsSet>>
    ));
}

#[test]
fn timers_that_pile_up_or_stay_are_caught() {
    assert!(catches(reactions::t3_a_stream_has_one_timer_of_a_name::<With<TimersPileUp>>));
    assert!(catches(reactions::t3_a_stream_has_one_timer_of_a_name::<With<NeverRemoves>>));
}

#[test]
fn timers_and_answers_of_other_reactions_that_are_lost_are_caught() {
    assert!(catches(reactions::t5_reactions_of_two_names_do_not_meet::<With<RemovesOfAll>>));
    assert!(catches(reactions::t5_reactions_of_two_names_do_not_meet::<With<OneCheckpoint>>));
}

#[test]
fn answers_that_are_forgotten_too_early_are_caught() {
    assert!(catches(reactions::t4_answers_come_back_as_they_were_kept_until_they_are_forgotten::<With<ForgetsAll>>));
}
