//! R1, R6: transactions and checkpoints.

use std::sync::Arc;
use std::time::Duration;

use super::super::dropped::polled;
use super::super::given::{Random, seed};
use super::super::harness::{did, soak};
use super::ReadHarness;
use crate::event::{EventId, Position, StreamId};
use crate::journal::JournalId;
use crate::projection::{Checkpoint, Ended, LastEvent, ReadStore, ReadStoreError, Work};

pub(in crate::testing::conformance) type LeaseOf<H> = <<H as ReadHarness>::Store as ReadStore>::Lease;

pub(in crate::testing::conformance) fn at(position: u64) -> Checkpoint {
    let stream = StreamId::new("sum", &format!("stream {position}")).expect("a stream that can be");
    Checkpoint {
        version: 1,
        journal: JournalId(uuid::Uuid::from_u128(7)),
        position: Position::new(position),
        last: Some(LastEvent { stream, version: position, id: EventId::from_bytes([7; 16]) }),
    }
}

pub(in crate::testing::conformance) async fn lease<H: ReadHarness>(
    store: &H::Store,
    projection: &str,
) -> Arc<LeaseOf<H>> {
    let lease = store.lease(projection).await.expect("the store answers");
    Arc::new(lease.unwrap_or_else(|| panic!("nobody has `{projection}`, and yet there is no lease")))
}

pub(in crate::testing::conformance) async fn load<H: ReadHarness>(
    store: &H::Store,
    lease: &Arc<LeaseOf<H>>,
) -> Option<Checkpoint> {
    let lease = Arc::clone(lease);
    let work: Work<_, Result<_, ReadStoreError>> =
        Box::new(move |tx| Box::pin(async move { Ended::RollBack(H::Store::load(&lease, tx).await) }));
    store.transact(work).await.expect("a transaction").expect("a checkpoint, or none")
}

/// Makes the table where there is none, sets a number, and saves a checkpoint.
fn write<H: ReadHarness>(
    lease: &Arc<LeaseOf<H>>,
    first: bool,
    number: u64,
    commit: bool,
) -> Work<<H::Store as ReadStore>::Tx, ()> {
    let lease = Arc::clone(lease);
    Box::new(move |tx| {
        Box::pin(async move {
            if first {
                H::create_table(tx).await.expect("the table is created");
            }
            let checkpoint = at(number);
            // The number before the checkpoint, and after it, so that each would be seen without the other.
            let count = i64::try_from(number).expect("a small number");
            H::set(tx, "before", count).await.expect("a number is set");
            H::Store::save(&lease, tx, &checkpoint).await.expect("a checkpoint is saved");
            tokio::task::yield_now().await;
            H::set(tx, "after", count).await.expect("a number is set");
            assert_eq!(H::get(tx, "before").await.expect("a number"), Some(count), "a transaction sees what it wrote");
            if commit { Ended::Commit(()) } else { Ended::RollBack(()) }
        })
    })
}

pub(in crate::testing::conformance) async fn r1_what_is_committed_is_there_with_its_checkpoint<H: ReadHarness>(
    place: H,
) {
    let store = place.open().await;
    let model = lease::<H>(&store, "model").await;
    for number in 1..=10 {
        store.transact(write::<H>(&model, number == 1, number, true)).await.unwrap();
        assert_eq!(load::<H>(&store, &model).await, Some(at(number)));
        let table = place.table(&store).await.unwrap();
        assert_eq!((table["before"], table["after"]), (number.cast_signed(), number.cast_signed()));
    }
}

pub(in crate::testing::conformance) async fn r1_what_is_rolled_back_leaves_nothing<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let model = lease::<H>(&store, "model").await;
    store.transact(write::<H>(&model, true, 1, false)).await.unwrap();
    assert_eq!(load::<H>(&store, &model).await, None);
    assert_eq!(place.table(&store).await, None, "the table of a transaction that was rolled back is there");
    store.transact(write::<H>(&model, true, 1, true)).await.unwrap();
    store.transact(write::<H>(&model, false, 2, false)).await.unwrap();
    assert_eq!(load::<H>(&store, &model).await, Some(at(1)));
    assert_eq!(place.table(&store).await.unwrap()["after"], 1);
}

/// The same with the checkpoint last, in a transaction that begins with what there is.
fn write_and_save_at_end<H: ReadHarness>(
    lease: &Arc<LeaseOf<H>>,
    before: Option<Checkpoint>,
    number: u64,
    commit: bool,
) -> Work<<H::Store as ReadStore>::Tx, ()> {
    let lease = Arc::clone(lease);
    Box::new(move |tx| {
        Box::pin(async move {
            assert_eq!(H::Store::load(&lease, tx).await.expect("a checkpoint, or none"), before);
            if before.is_none() {
                H::create_table(tx).await.expect("the table is created");
            }
            H::set(tx, "before", i64::try_from(number).expect("a small number")).await.expect("a number is set");
            H::Store::save_at_end(&lease, tx, &at(number)).await.expect("a checkpoint is saved");
            if commit { Ended::Commit(()) } else { Ended::RollBack(()) }
        })
    })
}

pub(in crate::testing::conformance) async fn r1_a_checkpoint_that_is_saved_at_the_end_is_there_with_the_rest<
    H: ReadHarness,
>(
    place: H,
) {
    let store = place.open().await;
    let model = lease::<H>(&store, "model").await;
    let mut before = None;
    for number in 1..=10 {
        let left = write_and_save_at_end::<H>(&model, before.clone(), number + 100, false);
        store.transact_under(&model, left).await.unwrap();
        let left = place.table(&store).await.and_then(|table| table.get("before").copied());
        assert_eq!(left, before.as_ref().map(|_| number.cast_signed() - 1), "what was rolled back is there");
        let write = write_and_save_at_end::<H>(&model, before, number, true);
        store.transact_under(&model, write).await.unwrap();
        before = load::<H>(&store, &model).await;
        assert_eq!(before, Some(at(number)));
        assert_eq!(place.table(&store).await.unwrap()["before"], number.cast_signed());
    }
}

pub(in crate::testing::conformance) async fn r1_a_transaction_whose_future_is_dropped_happens_as_a_whole_or_not_at_all<
    H: ReadHarness,
>(
    place: H,
) {
    let store = place.open().await;
    let model = lease::<H>(&store, "model").await;
    store.transact(write::<H>(&model, true, 0, true)).await.unwrap();
    let seed = seed();
    let mut random = Random::new(seed);
    let rounds = if soak() { 20_000 } else { 500 };
    let mut done = 0;
    let mut now = 0;
    for round in 1..=rounds {
        let writing = store.transact(write::<H>(&model, false, round, true));
        let answer = match round {
            1..=64 => polled(writing, round).await,
            _ if random.chance(50) => polled(writing, random.below(64)).await,
            _ => tokio::time::timeout(Duration::from_micros(random.below(1_000)), writing).await.ok(),
        };
        // One that is under way goes on to its end; the next one waits for that.
        let checkpoint = load::<H>(&store, &model).await.expect("a checkpoint");
        let found = checkpoint.position.number;
        assert!(found == now || found == round, "seed {seed}: at {found} after {now} and {round}");
        assert!(
            answer.is_none_or(|answer| answer.is_err()) || found == round,
            "seed {seed}: what was answered is there"
        );
        let table = place.table(&store).await.unwrap();
        assert_eq!((table["before"], table["after"]), (found.cast_signed(), found.cast_signed()), "seed {seed}");
        done += u64::from(found == round);
        now = found;
    }
    did(format_args!("{rounds} transactions dropped: {done} found written, seed {seed}"));
}

pub(in crate::testing::conformance) async fn r6_there_is_no_checkpoint_before_the_first<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let model = lease::<H>(&store, "model").await;
    assert_eq!(load::<H>(&store, &model).await, None);
}

async fn save<H: ReadHarness>(store: &H::Store, lease: &Arc<LeaseOf<H>>, checkpoint: Checkpoint, at_end: bool) {
    let lease = Arc::clone(lease);
    let work: Work<_, ()> = Box::new(move |tx| {
        Box::pin(async move {
            let saved = if at_end {
                H::Store::save_at_end(&lease, tx, &checkpoint).await
            } else {
                H::Store::save(&lease, tx, &checkpoint).await
            };
            saved.expect("a checkpoint is saved");
            Ended::Commit(())
        })
    });
    store.transact(work).await.expect("a transaction");
}

pub(in crate::testing::conformance) async fn r6_a_checkpoint_comes_back_as_it_was_saved<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let model = lease::<H>(&store, "model").await;
    let largest = i64::MAX.unsigned_abs();
    let positions = [
        Position::START,
        Position::new(1),
        Position::new(largest),
        Position { epoch: 1, number: 2 },
        Position { epoch: largest, number: largest },
    ];
    for position in positions {
        for version in [1, u32::MAX] {
            let stream = StreamId::new("sum", "\u{e9} ' \\' % /").expect("a stream that can be");
            let last = LastEvent { stream, version: largest, id: EventId::new() };
            for last in [Some(last), None] {
                for at_end in [false, true] {
                    let (journal, last) = (JournalId::new(), last.clone());
                    let checkpoint = Checkpoint { version, journal, position, last };
                    save::<H>(&store, &model, checkpoint.clone(), at_end).await;
                    assert_eq!(load::<H>(&store, &model).await, Some(checkpoint));
                }
            }
        }
    }
    let before = load::<H>(&store, &model).await;
    drop(model);
    let again = place.open_again().await.unwrap_or(store);
    let model = lease::<H>(&again, "model").await;
    assert_eq!(load::<H>(&again, &model).await, before, "another lease has the same checkpoint");
}

pub(in crate::testing::conformance) async fn r6_each_projection_has_a_checkpoint_of_its_own<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let names = ["model", "Model", "model.2", "a-b_c"];
    let mut leases = Vec::new();
    for name in names {
        leases.push(lease::<H>(&store, name).await);
    }
    for (lease, number) in leases.iter().zip(1..) {
        save::<H>(&store, lease, at(number), false).await;
    }
    for (lease, number) in leases.iter().zip(1..) {
        assert_eq!(load::<H>(&store, lease).await, Some(at(number)));
    }
}
