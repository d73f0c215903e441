//! A process whose journal, checkpoint and timers are in one SQLite file.
#![allow(missing_docs, dead_code, unreachable_pub, reason = "a test")]

mod common;
#[path = "../../../es-core/tests/reactions/domain.rs"]
mod domain;

use std::sync::Arc;
use std::time::Duration;

use common::place;
use domain::{Bank, CONFIRM_WITHIN, Progress, Transfers};
use es_core::prelude::*;
use es_sqlite::SqliteStore;

#[tokio::test]
async fn a_process_goes_on_and_back_and_its_timers_survive_the_program() {
    let (_folder, path) = place();
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let open = || SqliteStore::builder().clock(Arc::clone(&clock) as _).open(&path);
    let store = open().await.unwrap();
    let bank = Bank::on(&store);
    bank.deposit("alice", 1_000).await;
    bank.deposit("bob", 950).await;
    bank.request("small", "alice", "bob", 40).await;
    bank.request("too much", "alice", "bob", 100).await;
    bank.request("large", "alice", "carol", 800).await;
    Reactor::from_start(&store, &store, Transfers).run_until_idle().await.unwrap();
    assert_eq!(bank.progress("small").await, Progress::Completed);
    assert_eq!(bank.progress("too much").await, Progress::Refunded);
    assert_eq!(bank.progress("large").await, Progress::Taken);
    assert_eq!(numbers(&store, "SELECT due FROM reaction_timers").await, [60_000_000]);
    assert!(numbers(&store, "SELECT version FROM reaction_answers").await.is_empty());
    store.close().await;

    let store = open().await.unwrap();
    let bank = Bank::on(&store);
    let handle = Reactor::from_start(&store, &store, Transfers).spawn();
    let head = store.head().await.unwrap();
    handle.wait_for(head).await.unwrap();
    clock.advance(CONFIRM_WITHIN);
    let given_up = tokio::time::timeout(Duration::from_mins(1), store.wait(head)).await.unwrap().unwrap();
    handle.wait_for(given_up).await.unwrap();
    handle.stop().await.unwrap();
    assert_eq!(bank.progress("large").await, Progress::Refunded);
    assert_eq!((bank.balance("alice").await, bank.balance("bob").await), (960, 990));
    assert!(numbers(&store, "SELECT due FROM reaction_timers").await.is_empty());
}

#[tokio::test]
async fn of_two_reactors_one_waits_and_takes_over_and_the_checkpoint_may_be_in_another_file() {
    let (folder, path) = place();
    let journal = SqliteStore::open(&path).await.unwrap();
    let store = SqliteStore::open(folder.path().join("reactions.db")).await.unwrap();
    let other = SqliteStore::open(folder.path().join("reactions.db")).await.unwrap();
    let bank = Bank::on(&journal);
    bank.deposit("alice", 100).await;
    let first = Reactor::from_start(&journal, &store, Transfers).spawn();
    first.wait_for(journal.head().await.unwrap()).await.unwrap();
    let second = Reactor::from_start(&journal, &other, Transfers).spawn();
    let mut changes = second.changes();
    while second.status().state != ProjectorState::Waiting {
        changes.next().await.unwrap();
    }
    assert!(matches!(
        Reactor::from_start(&journal, &store, Transfers).run_until_idle().await,
        Err(ReactorError::Held { reaction: "transfers" })
    ));
    first.stop().await.unwrap();
    let position = bank.request("t", "alice", "bob", 10).await;
    second.wait_for(position).await.unwrap();
    second.stop().await.unwrap();
    assert_eq!(bank.balance("alice").await, 90);
}

async fn numbers(store: &SqliteStore, sql: &'static str) -> Vec<i64> {
    let rows = store.read(move |db| db.prepare(sql)?.query_map((), |row| row.get(0))?.collect());
    rows.await.unwrap()
}
