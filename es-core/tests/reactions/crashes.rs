//! A reactor that is dropped at each of its steps, and goes on in a world that has changed.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use es_core::MemoryStore;
use es_core::prelude::*;

use crate::domain::{Bank, LIMIT, Progress, Transfers, Withdraw};
use crate::faulty::FaultyStore;
use crate::store::Shelf;

/// Polls a future so often, and drops it; gives whether it had ended.
fn polled(future: impl Future<Output = ()>, times: usize) -> bool {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..times).any(|_| matches!(future.as_mut().poll(&mut context), Poll::Ready(())))
}

/// What is wrong after a crash at step `polls`, if there is such a step.
async fn crash(polls: usize, forgets_answers: bool) -> Option<Result<Progress, String>> {
    let journal = FaultyStore::on(MemoryStore::new());
    let bank = Bank::on(&journal);
    bank.deposit("alice", 300).await;
    bank.deposit("bob", LIMIT).await;
    bank.request("t", "alice", "bob", 200).await;
    let mut store = Shelf::default();
    store.forgets_answers = forgets_answers;
    let mut reactor = Reactor::from_start(&journal, &store, Transfers);
    let whole = async {
        reactor.run_until_idle().await.unwrap();
    };
    if polled(whole, polls) {
        return None;
    }
    drop(reactor);
    // Now there is room for what was refused.
    bank.accounts.execute("bob", Withdraw { amount: LIMIT }).await.unwrap();
    Reactor::from_start(&journal, &store, Transfers).run_until_idle().await.unwrap();
    let (alice, bob) = (bank.balance("alice").await, bank.balance("bob").await);
    let progress = bank.progress("t").await;
    let expected = match progress {
        Progress::Completed => (100, 200),
        Progress::Refunded => (300, 0),
        _ => return Some(Err(format!("the transfer has stopped as {progress:?}"))),
    };
    if !store.now().answers.is_empty() {
        return Some(Err("an answer is still kept".to_owned()));
    }
    Some(if (alice, bob) == expected {
        Ok(progress)
    } else {
        Err(format!("alice has {alice} and bob {bob}, and the transfer is {progress:?}"))
    })
}

#[tokio::test]
async fn a_rejection_that_something_followed_from_stays_one_after_a_crash() {
    let (mut completed, mut refunded) = (0, 0);
    let mut polls = 0;
    while let Some(result) = crash(polls, false).await {
        match result {
            Ok(Progress::Completed) => completed += 1,
            Ok(_) => refunded += 1,
            Err(wrong) => panic!("after a crash at step {polls}: {wrong}"),
        }
        polls += 1;
    }
    println!("{polls} crashes, then {completed} transfers completed and {refunded} refunded");
    assert!(completed > 20 && refunded > 10);
}

#[tokio::test]
async fn the_check_finds_rejections_that_are_forgotten() {
    let mut wrong = 0;
    let mut polls = 0;
    while let Some(result) = crash(polls, true).await {
        wrong += u32::from(result.is_err());
        polls += 1;
    }
    assert!(wrong > 0, "none of {polls} crashes");
}
