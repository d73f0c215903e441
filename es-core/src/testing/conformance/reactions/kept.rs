//! T1 to T5: what is kept.

use std::sync::Arc;

use uuid::Uuid;

use super::super::read_store::ReadHarness;
use super::super::read_store::transactions::{LeaseOf, at, lease, load};
use crate::event::{CommandId, EventId, StreamId, Timestamp};
use crate::projection::{BoxFuture, Ended, ReadStore, ReadStoreError, Work};
use crate::reaction::{KeptAnswer, ReactionStore, Timer};

type TxOf<H> = <<H as ReadHarness>::Store as ReadStore>::Tx;

/// What a step does with a transaction.
type Step<H, T> =
    Box<dyn for<'t> FnOnce(&'t LeaseOf<H>, &'t mut TxOf<H>) -> BoxFuture<'t, Result<T, ReadStoreError>> + Send>;

async fn within<H: ReadHarness, T: Send + 'static>(
    store: &H::Store,
    lease: &Arc<LeaseOf<H>>,
    commit: bool,
    step: Step<H, T>,
) -> T {
    let lease = Arc::clone(lease);
    let work: Work<_, T> = Box::new(move |tx| {
        Box::pin(async move {
            // A store looks at the checkpoint to see that the lease is still this one's.
            H::Store::load(&lease, tx).await.expect("a checkpoint is loaded");
            let value = step(&lease, tx).await.expect("the store does it");
            if commit { Ended::Commit(value) } else { Ended::RollBack(value) }
        })
    });
    store.transact(work).await.expect("a transaction")
}

fn stream(number: u8) -> StreamId {
    StreamId::new("sum", &format!("stream \u{e9}' % {number}")).expect("a stream that can be")
}

fn timer(number: u8, due: i64, error: Option<&str>) -> Timer {
    Timer {
        stream: stream(number),
        name: format!("timer \u{e9} ' {number}"),
        event: EventId::from_bytes([number; 16]),
        version: i64::MAX.unsigned_abs() - u64::from(number),
        index: u32::MAX / 2,
        due: Timestamp::from_micros(due),
        error: error.map(str::to_owned),
    }
}

fn answer(number: u8, occasion: u8) -> KeptAnswer {
    KeptAnswer {
        occasion: Uuid::from_bytes([occasion; 16]),
        command: CommandId::from_bytes([number; 16]),
        stream: stream(number),
        version: u64::from(number) - 1,
        decided_at: Timestamp::from_micros(i64::from(number) - 5),
    }
}

async fn set<H: ReadHarness<Store: ReactionStore>>(store: &H::Store, lease: &Arc<LeaseOf<H>>, timers: Vec<Timer>) {
    let step: Step<H, ()> = Box::new(move |lease, tx| {
        Box::pin(async move {
            for timer in &timers {
                H::Store::set_timer(lease, tx, timer).await?;
            }
            Ok(())
        })
    });
    within::<H, _>(store, lease, true, step).await;
}

async fn timers<H: ReadHarness<Store: ReactionStore>>(
    store: &H::Store,
    lease: &Arc<LeaseOf<H>>,
    put_aside: bool,
    limit: usize,
) -> Vec<Timer> {
    let step: Step<H, Vec<Timer>> =
        Box::new(move |lease, tx| Box::pin(async move { H::Store::timers(lease, tx, put_aside, limit).await }));
    within::<H, _>(store, lease, false, step).await
}

async fn keep<H: ReadHarness<Store: ReactionStore>>(
    store: &H::Store,
    lease: &Arc<LeaseOf<H>>,
    answers: Vec<KeptAnswer>,
) {
    let step: Step<H, ()> = Box::new(move |lease, tx| {
        Box::pin(async move {
            for answer in &answers {
                H::Store::keep_answer(lease, tx, answer).await?;
            }
            Ok(())
        })
    });
    within::<H, _>(store, lease, true, step).await;
}

async fn answers<H: ReadHarness<Store: ReactionStore>>(store: &H::Store, lease: &Arc<LeaseOf<H>>) -> Vec<KeptAnswer> {
    let step: Step<H, Vec<KeptAnswer>> =
        Box::new(|lease, tx| Box::pin(async move { H::Store::answers(lease, tx).await }));
    let mut found = within::<H, _>(store, lease, false, step).await;
    found.sort_by_key(|answer| answer.command);
    found
}

pub(super) async fn t1_timers_and_answers_are_there_with_the_checkpoint_or_not_at_all<H>(place: H)
where
    H: ReadHarness<Store: ReactionStore>,
{
    let store = place.open().await;
    let one = lease::<H>(&store, "one").await;
    for commit in [false, true] {
        let step: Step<H, ()> = Box::new(move |lease, tx| {
            Box::pin(async move {
                H::Store::set_timer(lease, tx, &timer(1, 1, None)).await?;
                H::Store::keep_answer(lease, tx, &answer(1, 1)).await?;
                H::Store::save(lease, tx, &at(3)).await
            })
        });
        within::<H, _>(&store, &one, commit, step).await;
        let (timers, answers) = (timers::<H>(&store, &one, false, 9).await, answers::<H>(&store, &one).await);
        if commit {
            assert_eq!((timers, answers), (vec![timer(1, 1, None)], vec![answer(1, 1)]));
            assert_eq!(load::<H>(&store, &one).await, Some(at(3)));
        } else {
            assert_eq!((timers, answers), (vec![], vec![]), "it was rolled back");
            assert_eq!(load::<H>(&store, &one).await, None, "it was rolled back");
        }
    }
}

pub(super) async fn t2_timers_come_back_as_they_were_set_in_the_order_in_which_they_are_due<H>(place: H)
where
    H: ReadHarness<Store: ReactionStore>,
{
    let store = place.open().await;
    let one = lease::<H>(&store, "one").await;
    assert_eq!(timers::<H>(&store, &one, false, 9).await, []);
    let far = Timestamp::MAX.as_micros();
    let expected = [timer(9, -5, None), timer(2, 0, None), timer(7, 40, None), timer(1, far, None)];
    let aside = [timer(3, -9, Some("it failed: \u{e9} '")), timer(4, 50, Some("again"))];
    let mut all = [&expected[..], &aside[..]].concat();
    all.rotate_left(2);
    set::<H>(&store, &one, all).await;
    assert_eq!(timers::<H>(&store, &one, false, 9).await, expected);
    assert_eq!(timers::<H>(&store, &one, false, 1).await, expected[..1]);
    assert_eq!(timers::<H>(&store, &one, true, 9).await, aside);
    assert_eq!(timers::<H>(&store, &one, true, 1).await, aside[..1]);
    assert_eq!(timers::<H>(&store, &one, false, 0).await, []);
}

pub(super) async fn t3_a_stream_has_one_timer_of_a_name<H>(place: H)
where
    H: ReadHarness<Store: ReactionStore>,
{
    let store = place.open().await;
    let one = lease::<H>(&store, "one").await;
    let other_name = Timer { name: "another".to_owned(), ..timer(1, 20, None) };
    let other_stream = Timer { stream: stream(2), ..timer(1, 30, None) };
    set::<H>(&store, &one, vec![timer(1, 10, None), other_name.clone(), other_stream.clone()]).await;
    let later = Timer { event: EventId::from_bytes([8; 16]), version: 8, ..timer(1, 40, None) };
    set::<H>(&store, &one, vec![later.clone()]).await;
    assert_eq!(timers::<H>(&store, &one, false, 9).await, [other_name.clone(), other_stream.clone(), later]);
    // Put aside, and taken back.
    set::<H>(&store, &one, vec![timer(1, 10, Some("failed"))]).await;
    assert_eq!(timers::<H>(&store, &one, false, 9).await, [other_name.clone(), other_stream.clone()]);
    assert_eq!(timers::<H>(&store, &one, true, 9).await, [timer(1, 10, Some("failed"))]);
    set::<H>(&store, &one, vec![timer(1, 10, None)]).await;
    for _ in 0..2 {
        // One that is not there can be removed as well.
        let Timer { stream, name, .. } = timer(1, 10, None);
        let step: Step<H, ()> =
            Box::new(move |lease, tx| Box::pin(async move { H::Store::remove_timer(lease, tx, &stream, &name).await }));
        within::<H, _>(&store, &one, true, step).await;
        assert_eq!(timers::<H>(&store, &one, false, 9).await, [other_name.clone(), other_stream.clone()]);
    }
}

pub(super) async fn t4_answers_come_back_as_they_were_kept_until_they_are_forgotten<H>(place: H)
where
    H: ReadHarness<Store: ReactionStore>,
{
    let store = place.open().await;
    let one = lease::<H>(&store, "one").await;
    assert_eq!(answers::<H>(&store, &one).await, []);
    keep::<H>(&store, &one, vec![answer(1, 1), answer(2, 1), answer(3, 2)]).await;
    assert_eq!(answers::<H>(&store, &one).await, [answer(1, 1), answer(2, 1), answer(3, 2)]);
    let again = KeptAnswer { version: 90, ..answer(2, 1) };
    keep::<H>(&store, &one, vec![again.clone()]).await;
    assert_eq!(answers::<H>(&store, &one).await, [answer(1, 1), again, answer(3, 2)]);
    let step: Step<H, ()> =
        Box::new(|lease, tx| Box::pin(async move { H::Store::forget_answers(lease, tx, answer(1, 1).occasion).await }));
    within::<H, _>(&store, &one, true, step).await;
    assert_eq!(answers::<H>(&store, &one).await, [answer(3, 2)]);
}

pub(super) async fn t5_reactions_of_two_names_do_not_meet<H>(place: H)
where
    H: ReadHarness<Store: ReactionStore>,
{
    let store = place.open().await;
    let (one, two) = (lease::<H>(&store, "one").await, lease::<H>(&store, "two").await);
    set::<H>(&store, &one, vec![timer(1, 10, None)]).await;
    set::<H>(&store, &two, vec![timer(1, 20, None), timer(2, 5, Some("failed"))]).await;
    keep::<H>(&store, &one, vec![answer(1, 1)]).await;
    keep::<H>(&store, &two, vec![answer(1, 1), answer(2, 2)]).await;
    let step: Step<H, ()> = Box::new(|lease, tx| {
        Box::pin(async move {
            H::Store::remove_timer(lease, tx, &timer(1, 10, None).stream, &timer(1, 10, None).name).await?;
            H::Store::forget_answers(lease, tx, answer(1, 1).occasion).await
        })
    });
    within::<H, _>(&store, &one, true, step).await;
    drop(two);
    let store = place.open_again().await.unwrap_or(store);
    let two = lease::<H>(&store, "two").await;
    assert_eq!(timers::<H>(&store, &two, false, 9).await, [timer(1, 20, None)]);
    assert_eq!(timers::<H>(&store, &two, true, 9).await, [timer(2, 5, Some("failed"))]);
    assert_eq!(answers::<H>(&store, &two).await, [answer(1, 1), answer(2, 2)]);
}
