//! Projectors on SQLite, in one file with the journal and in another.

use es_core::prelude::*;
use es_core::{Filter, PageSize, Partition, ProjectorError, ReadStoreError};
use es_sqlite::SqliteStore;

use crate::common::place;
use crate::domain::{Account, Balances, Increase, balance, lines};

async fn follow(journal: &SqliteStore, views: &SqliteStore) {
    let accounts = Repository::<Account, _>::new(journal);
    let balances = Projector::new(journal, views, Balances::default()).spawn();
    let mut last = Position::START;
    for by in 1..=100 {
        last = accounts.execute(format!("account-{}", by % 3).as_str(), Increase { by }).await.unwrap().position;
        if by % 10 == 0 {
            balances.wait_for(last).await.unwrap();
            assert_eq!(lines(views).await.len(), usize::try_from(by).unwrap());
        }
    }
    balances.wait_for(last).await.unwrap();
    assert_eq!(balance(views, "account-0").await, Some((1..=33).map(|n| 3 * n).sum()));
    let before = lines(views).await;
    assert_eq!(before.iter().map(|line| line.0).collect::<Vec<_>>(), (1..=100).collect::<Vec<_>>());
    balances.rebuild().await.unwrap();
    assert_eq!(lines(views).await, before);
    balances.stop().await.unwrap();
}

#[tokio::test]
async fn a_read_model_in_the_journals_own_file() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    follow(&store, &store).await;
    store.close().await;
}

#[tokio::test]
async fn a_read_model_in_another_file() {
    let (folder, path) = place();
    let journal = SqliteStore::open(&path).await.unwrap();
    let views = SqliteStore::open(folder.path().join("views.db")).await.unwrap();
    follow(&journal, &views).await;
    assert!(!views.id().eq(&journal.id()));
}

#[tokio::test]
async fn a_read_model_in_a_store_in_memory() {
    let store = SqliteStore::open_in_memory().await.unwrap();
    follow(&store, &store).await;
}

#[tokio::test]
async fn a_projection_in_a_file_is_projected_as_a_whole() {
    let (_folder, path) = place();
    let in_a_file = SqliteStore::open(&path).await.unwrap();
    for store in [in_a_file, SqliteStore::open_in_memory().await.unwrap()] {
        let part = Partition::new(0, 2).unwrap();
        let refused = Projector::new(&store, &store, Balances::default()).partition(part).run_to_head().await;
        let Err(ProjectorError::Store { source, .. }) = refused else { panic!("{refused:?}") };
        assert!(matches!(*source, ReadStoreError::WholeOnly), "{source:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn appends_and_a_projector_that_catches_up_share_a_file() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let accounts = Repository::<Account, _>::new(&store);
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let accounts = accounts.clone();
        tasks.spawn(async move {
            for by in 0..100 {
                accounts.execute(format!("account-{writer}").as_str(), Increase { by }).await.unwrap();
            }
        });
    }
    let first = Projector::new(&store, &store, Balances::default()).spawn();
    tasks.join_all().await;
    first.wait_for(store.head().await.unwrap()).await.unwrap();
    let page = store.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap();
    let positions: Vec<_> = page.iter().map(|raw| raw.position.number).collect();
    assert_eq!(lines(&store).await.iter().map(|line| line.0).collect::<Vec<_>>(), positions);
    first.stop().await.unwrap();
}

#[tokio::test]
async fn a_read_model_is_rebuilt_while_events_are_appended() {
    for apart in [false, true] {
        let (folder, path) = place();
        let store = SqliteStore::open(&path).await.unwrap();
        let views =
            if apart { SqliteStore::open(folder.path().join("views.db")).await.unwrap() } else { store.clone() };
        let accounts = Repository::<Account, _>::new(&store);
        let balances = Projector::new(&store, &views, Balances::default()).spawn();
        let appending = tokio::spawn(async move {
            let mut last = Position::START;
            for by in 0..300 {
                last =
                    accounts.execute(format!("account-{}", by % 7).as_str(), Increase { by }).await.unwrap().position;
            }
            last
        });
        let mut rebuilds = 0;
        while !appending.is_finished() {
            balances.rebuild().await.unwrap();
            rebuilds += 1;
        }
        let last = appending.await.unwrap();
        balances.wait_for(last).await.unwrap();
        println!("{rebuilds} rebuilds while 300 events were appended");
        let shown: Vec<_> = lines(&views).await;
        assert_eq!(shown.iter().map(|line| line.1).collect::<Vec<_>>(), (0..300).collect::<Vec<_>>());
        balances.stop().await.unwrap();
    }
}

#[tokio::test]
async fn of_two_projectors_as_of_two_processes_one_waits() {
    let (_folder, path) = place();
    let (one, two) = (SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap());
    let accounts = Repository::<Account, _>::new(&one);
    let first = Projector::new(&one, &one, Balances::default()).spawn();
    first.wait_for(accounts.execute("alice", Increase { by: 1 }).await.unwrap().position).await.unwrap();
    let second = Projector::new(&two, &two, Balances::default()).spawn();
    let mut changes = second.changes();
    while second.status().state != ProjectorState::Waiting {
        changes.next().await.unwrap();
    }
    let refused = Projector::new(&two, &two, Balances::default()).run_to_head().await;
    assert!(matches!(refused, Err(ProjectorError::Held { .. })), "{refused:?}");
    // The one that waits shows what the other does: the read model is the same.
    let there = accounts.execute("alice", Increase { by: 1 }).await.unwrap().position;
    second.wait_for(there).await.unwrap();
    assert_eq!(lines(&two).await.len(), 2);
    let status = second.status();
    assert_eq!((status.state, status.position, status.lag.events), (ProjectorState::Waiting, there, 0));
    first.stop().await.unwrap();
    let last = accounts.execute("alice", Increase { by: 1 }).await.unwrap().position;
    second.wait_for(last).await.unwrap();
    assert_eq!(lines(&two).await.len(), 3);
}
