//! Timers, by a clock that is set by hand.

use std::sync::Arc;
use std::time::Duration;

use es_core::prelude::*;
use es_core::{InMemory, MemoryStore};

use crate::domain::{Bank, CONFIRM_WITHIN, Progress, Transfers};

async fn waiting() -> (Arc<ManualClock>, Bank<MemoryStore>, InMemory) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let bank = Bank::on(&MemoryStore::builder().clock(Arc::clone(&clock) as _).build());
    bank.deposit("alice", 900).await;
    bank.request("t1", "alice", "bob", 800).await;
    let store = InMemory::default();
    Reactor::from_start(&bank.journal, &store, Transfers).run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Taken);
    (clock, bank, store)
}

#[tokio::test]
async fn a_timer_fires_when_it_is_due_and_survives_a_restart() {
    let (clock, bank, store) = waiting().await;
    let mut reactor = Reactor::from_start(&bank.journal, &store, Transfers);
    clock.set(Timestamp::UNIX_EPOCH + CONFIRM_WITHIN - Duration::from_micros(1));
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Taken);
    clock.advance(Duration::from_micros(1));
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Refunded);
    assert_eq!(bank.balance("alice").await, 900);
}

#[tokio::test]
async fn a_timer_that_was_cancelled_does_not_fire() {
    let (clock, bank, store) = waiting().await;
    bank.confirm("t1").await.unwrap();
    let mut reactor = Reactor::from_start(&bank.journal, &store, Transfers);
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Completed);
    clock.advance(CONFIRM_WITHIN * 2);
    reactor.run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Completed);
    assert_eq!(bank.transfers.history("t1").await.unwrap().len(), 4);
}

#[tokio::test]
async fn an_event_from_before_a_timer_is_due_comes_first_though_the_reactor_was_not_there() {
    let (clock, bank, store) = waiting().await;
    clock.advance(CONFIRM_WITHIN / 2);
    bank.confirm("t1").await.unwrap();
    clock.advance(CONFIRM_WITHIN * 100);
    Reactor::from_start(&bank.journal, &store, Transfers).run_until_idle().await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Completed);
}

#[tokio::test]
async fn a_timer_that_was_due_before_an_event_comes_first() {
    let (clock, bank, store) = waiting().await;
    clock.advance(CONFIRM_WITHIN);
    // Too late by the clock; but nobody has said so yet.
    bank.confirm("t1").await.unwrap();
    Reactor::from_start(&bank.journal, &store, Transfers).run_until_idle().await.unwrap();
    // The transfer decides: it was confirmed before the timer came to it.
    assert_eq!(bank.progress("t1").await, Progress::Completed);
    assert_eq!(bank.balance("alice").await, 100);
}

#[tokio::test]
async fn a_reactor_that_runs_notices_that_the_clock_was_set() {
    let (clock, bank, store) = waiting().await;
    let handle = Reactor::from_start(&bank.journal, &store, Transfers).spawn();
    let head = bank.journal.head().await.unwrap();
    handle.wait_for(head).await.unwrap();
    clock.advance(CONFIRM_WITHIN);
    let given_up = tokio::time::timeout(Duration::from_mins(1), bank.journal.wait(head)).await.unwrap().unwrap();
    handle.wait_for(given_up).await.unwrap();
    assert_eq!(bank.progress("t1").await, Progress::Refunded);
    handle.stop().await.unwrap();
}
