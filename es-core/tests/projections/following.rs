//! What a projector does when all goes well.

use std::time::Duration;

use es_core::prelude::*;
use es_core::{BatchSize, MemoryStore, Position, ProjectorError, Repository};

use crate::domain::{Account, Balances, Increase, PaidIn, Tables, append, increased};

const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_view_shows_an_outcome_that_was_waited_for() {
    let store = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&store);
    let (tables, view) = (Tables::default(), PaidIn::default());
    let balances = Projector::new(&store, &tables, Balances::<1>::default()).spawn();
    let paid_in = Projector::in_memory(&store, view).spawn();
    for round in 1..=50 {
        let outcome = accounts.execute("alice", Increase { by: 2 }).await.unwrap();
        balances.wait_for(outcome.position).await.unwrap();
        assert_eq!(tables.balance("alice"), Some(2 * round));
        paid_in.wait_for(outcome.position).await.unwrap();
        assert_eq!(paid_in.view().await.sums["alice"], 2 * round.unsigned_abs());
    }
    assert_eq!(tables.events(), 50);
    let status = balances.status();
    assert_eq!((status.name, status.version), ("balances", 1));
    assert_eq!((status.position, status.head, status.lag.events), (Position::new(50), Position::new(50), 0));
    balances.stop().await.unwrap();
    paid_in.stop().await.unwrap();
    assert_eq!(balances.status().state, ProjectorState::Stopped);
}

#[tokio::test]
async fn a_journal_is_caught_up_with_in_batches() {
    let store = MemoryStore::new();
    for at in 0..1000 {
        append(&store, &format!("account-{}", at % 7), &[increased(1)]).await;
    }
    let tables = Tables::default();
    let mut projector =
        Projector::new(&store, &tables, Balances::<1>::default()).batch(BatchSize { events: 100, time: LONG });
    assert_eq!(projector.run_to_head().await.unwrap(), Position::new(1000));
    assert_eq!(tables.events(), 1000);
    // One to make the table, and ten of 100 events.
    assert_eq!(tables.commits(), 11);
    append(&store, "account-0", &[increased(1)]).await;
    assert_eq!(projector.run_to_head().await.unwrap(), Position::new(1001));
    assert_eq!(tables.events(), 1001);
}

#[tokio::test]
async fn events_of_an_older_name_and_retired_ones_are_projected_as_those_of_today() {
    let store = MemoryStore::new();
    let exchanged = ("exchanged", r#"{"more":9,"less":2}"#.to_owned());
    append(&store, "alice", &[increased(1), ("paid_in", r#"{"by":5}"#.to_owned()), exchanged]).await;
    let tables = Tables::default();
    let mut projector = Projector::new(&store, &tables, Balances::<1>::default());
    projector.run_to_head().await.unwrap();
    assert_eq!(tables.balance("alice"), Some(1 + 5 + 9 - 2));
    assert_eq!(tables.events(), 4);
    let mut paid_in = Projector::in_memory(&store, PaidIn::default());
    paid_in.run_to_head().await.unwrap();
    // Of the retired event it wants the half that is an increase.
    assert_eq!(paid_in.handle().view().await.sums["alice"], 1 + 5 + 9);
}

#[tokio::test]
async fn events_that_nobody_wants_cost_no_transaction_and_count_as_shown() {
    let store = MemoryStore::new();
    let tables = Tables::default();
    let balances = Projector::new(&store, &tables, Balances::<1>::default()).spawn();
    balances.wait_for(append(&store, "alice", &[increased(1)]).await).await.unwrap();
    let commits = tables.commits();
    for _ in 0..10 {
        let position = append(&store, "alice", &[("of_no_interest", "{}".to_owned())]).await;
        balances.wait_for(position).await.unwrap();
    }
    assert_eq!(tables.commits(), commits);
    balances.stop().await.unwrap();
    // What has been looked at is not looked at again.
    assert_eq!(tables.now().checkpoint.unwrap().position, Position::new(11));
}

#[tokio::test]
async fn a_paused_projector_stands_still_until_it_is_resumed() {
    let store = MemoryStore::new();
    let tables = Tables::default();
    let balances = Projector::new(&store, &tables, Balances::<1>::default()).spawn();
    balances.wait_for(append(&store, "alice", &[increased(1)]).await).await.unwrap();
    balances.pause().await.unwrap();
    assert_eq!(balances.status().state, ProjectorState::Paused);
    let position = append(&store, "alice", &[increased(1)]).await;
    let waiting = tokio::spawn({
        let balances = balances.clone();
        async move { balances.wait_for(position).await }
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(tables.balance("alice"), Some(1));
    assert!(!waiting.is_finished());
    balances.resume().await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(tables.balance("alice"), Some(2));
    balances.pause().await.unwrap();
    balances.stop().await.unwrap();
}

#[tokio::test]
async fn one_that_stands_still_shows_how_far_the_journal_goes_on() {
    let store = MemoryStore::new();
    let tables = Tables::default();
    let projection = Balances::<1>::default();
    let faults = projection.faults.clone();
    let balances = Projector::new(&store, &tables, projection).retry(Retry::NEVER).spawn();
    let shown = append(&store, "alice", &[increased(1)]).await;
    balances.wait_for(shown).await.unwrap();
    balances.pause().await.unwrap();
    faults.fail("carol", u32::MAX);
    for (at, state) in [(1, ProjectorState::Paused), (2, ProjectorState::Failed)] {
        let mut changes = balances.changes();
        let head = append(&store, "carol", &[increased(1)]).await;
        let mut status = balances.status();
        while status.head < head {
            status = tokio::time::timeout(LONG, changes.next()).await.unwrap().unwrap();
        }
        assert_eq!((status.state, status.position, status.lag.events), (state, shown, at));
        balances.resume().await.unwrap();
        assert!(balances.wait_for(head).await.is_err(), "it fails on carol");
    }
}

#[tokio::test]
async fn a_rebuilt_read_model_is_the_same_again() {
    let store = MemoryStore::new();
    let tables = Tables::default();
    let balances = Projector::new(&store, &tables, Balances::<1>::default()).spawn();
    for by in 0..100 {
        append(&store, &format!("account-{}", by % 3), &[increased(by)]).await;
    }
    balances.wait_for(store.head().await.unwrap()).await.unwrap();
    let before = tables.now();
    tables.change(|tx| tx.rows.retain(|key, _| !key.ends_with('3')));
    balances.rebuild().await.unwrap();
    assert_eq!(tables.now().rows, before.rows);
    assert_eq!(tables.now().checkpoint, before.checkpoint);
    // Also one that is paused.
    balances.pause().await.unwrap();
    balances.rebuild().await.unwrap();
    assert_eq!(tables.now().rows, before.rows);
    balances.stop().await.unwrap();

    let view = Projector::in_memory(&store, PaidIn::default()).spawn();
    view.wait_for(store.head().await.unwrap()).await.unwrap();
    let before = view.view().await.sums.clone();
    view.rebuild().await.unwrap();
    assert_eq!(view.view().await.sums, before);
}

#[tokio::test]
async fn a_new_version_is_built_anew() {
    let store = MemoryStore::new();
    append(&store, "alice", &[increased(1), increased(2)]).await;
    let tables = Tables::default();
    Projector::new(&store, &tables, Balances::<1>::default()).run_to_head().await.unwrap();
    tables.change(|tx| tx.rows.clear());
    Projector::new(&store, &tables, Balances::<1>::default()).run_to_head().await.unwrap();
    assert_eq!(tables.balance("alice"), None, "the same version goes on where it was");
    Projector::new(&store, &tables, Balances::<2>::default()).run_to_head().await.unwrap();
    assert_eq!(tables.balance("alice"), Some(3));
    assert_eq!(tables.now().rows["version"], 2);
}

#[tokio::test]
async fn of_two_projectors_of_one_name_the_second_waits_until_the_first_ends() {
    let store = MemoryStore::new();
    let tables = Tables::default();
    let first = Projector::new(&store, &tables, Balances::<1>::default()).spawn();
    first.wait_for(append(&store, "alice", &[increased(1)]).await).await.unwrap();
    let second = Projector::new(&store, &tables, Balances::<1>::default()).spawn();
    let mut changes = second.changes();
    while second.status().state != ProjectorState::Waiting {
        changes.next().await.unwrap();
    }
    let refused = Projector::new(&store, &tables, Balances::<1>::default()).run_to_head().await;
    assert!(matches!(refused, Err(ProjectorError::Held { projection: "balances" })), "{refused:?}");
    first.wait_for(append(&store, "alice", &[increased(1)]).await).await.unwrap();
    assert_eq!(second.status().position, Position::START);
    first.stop().await.unwrap();
    second.wait_for(append(&store, "alice", &[increased(1)]).await).await.unwrap();
    assert_eq!((tables.balance("alice"), tables.events()), (Some(3), 3));
    second.stop().await.unwrap();
}

#[tokio::test]
async fn who_waits_is_told_that_the_projector_stops() {
    let store = MemoryStore::new();
    let view = Projector::in_memory(&store, PaidIn::default()).spawn();
    let waiting = tokio::spawn({
        let view = view.clone();
        async move { view.wait_for(Position::new(1)).await }
    });
    tokio::task::yield_now().await;
    view.stop().await.unwrap();
    assert!(matches!(waiting.await.unwrap(), Err(ProjectorError::Stopped { .. })));
    assert!(matches!(view.pause().await, Err(ProjectorError::Stopped { .. })));
    // What it shows is shown, stopped or not.
    view.wait_for(Position::START).await.unwrap();
}

#[tokio::test]
async fn the_changes_of_the_status_end_with_the_projector() {
    let store = MemoryStore::new();
    let projector = Projector::in_memory(&store, PaidIn::default());
    let handle = projector.handle();
    let mut changes = handle.changes();
    let view = projector.spawn();
    append(&store, "alice", &[increased(1)]).await;
    let mut states = Vec::new();
    while let Some(status) = changes.next().await {
        states.push(status.state);
        if status.position == Position::new(1) && status.state == ProjectorState::Live {
            view.stop().await.unwrap();
        }
        if status.state == ProjectorState::Stopped {
            break;
        }
    }
    assert!(states.contains(&ProjectorState::Live), "{states:?}");
    assert_eq!(states.last(), Some(&ProjectorState::Stopped));
}
