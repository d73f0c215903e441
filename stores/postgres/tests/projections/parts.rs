//! A projection that is split in parts, and split anew.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use es_core::prelude::*;
use es_core::{Filter, MemoryStore, PageSize, Partition, ProjectorHandle, Retry, StreamId};
use es_postgres::PostgresStore;
use es_postgres_server::Server;

use crate::domain::{Account, Act, Balances, Increase, lines};

/// All events: where, and of which stream.
async fn events(journal: &MemoryStore) -> BTreeMap<Position, StreamId> {
    let page = journal.read_all(Position::START, &Filter::all(), PageSize { events: 1_000_000, bytes: 1 << 30 }).await;
    page.unwrap().iter().map(|raw| (raw.position, raw.stream.clone())).collect()
}

/// Checks that each event was projected once, those of a stream in their order.
async fn check(store: &PostgresStore, journal: &MemoryStore) -> usize {
    let events = events(journal).await;
    let lines = lines(store).await;
    let mut last: HashMap<&StreamId, Position> = HashMap::new();
    for (position, _) in &lines {
        let before = last.insert(&events[position], *position);
        assert!(before.is_none_or(|before| before < *position), "{position} comes after {before:?}");
    }
    assert_eq!(lines.len(), events.len(), "each event is there, and the table has no place for one twice");
    lines.len()
}

fn spawn(journal: &MemoryStore, store: &PostgresStore, of: u16) -> Vec<ProjectorHandle<Balances>> {
    let part = |part| Projector::new(journal, store, Balances::default()).partition(part).spawn();
    Partition::all(of).map(part).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_projection_is_split_anew_without_losing_or_repeating_an_event() {
    let database = Server::shared().database();
    let stores = [
        PostgresStore::connect(&database.url()).await.unwrap(),
        PostgresStore::connect(&database.url()).await.unwrap(),
    ];
    let journal = MemoryStore::new();
    let goes_on = Arc::new(AtomicBool::new(true));
    let mut appending = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let (accounts, goes_on) = (Repository::<Account, _>::new(&journal), Arc::clone(&goes_on));
        appending.spawn(async move {
            let mut by = 0;
            while goes_on.load(Ordering::SeqCst) {
                by += 1;
                accounts
                    .execute(format!("account-{}", (writer * 37 + by) % 50).as_str(), Increase { by })
                    .await
                    .unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        });
    }
    for (round, of) in [4, 3, 7, 1, 5, 5].into_iter().enumerate() {
        let parts = spawn(&journal, &stores[round % 2], of);
        for (number, part) in parts.iter().enumerate() {
            let head = journal.head().await.unwrap();
            part.wait_for(head).await.unwrap();
            // Those that end early are behind the others.
            if number % 2 == 0 {
                part.stop().await.unwrap();
            }
        }
        let head = journal.head().await.unwrap();
        for part in parts.iter().skip(1).step_by(2) {
            part.wait_for(head).await.unwrap();
            part.stop().await.unwrap();
        }
        let sql = "SELECT count(*) FROM es.projections WHERE version IS NOT NULL";
        let checkpoints: i64 = sqlx::query_scalar(sql).fetch_one(stores[0].pool()).await.unwrap();
        assert_eq!(checkpoints, i64::from(of), "a checkpoint for each of {of} parts, and no other");
    }
    goes_on.store(false, Ordering::SeqCst);
    appending.join_all().await;
    for partition in Partition::all(5) {
        let mut projector = Projector::new(&journal, &stores[0], Balances::default()).partition(partition);
        projector.run_to_head().await.unwrap();
    }
    println!("{} events over 6 splits", check(&stores[0], &journal).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_run_that_is_dropped_while_it_brings_up_an_old_part_is_made_good_by_the_next() {
    let database = Server::shared().database();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let journal = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&journal);
    for part in Partition::all(4) {
        // Each of them is further than those before it.
        for account in 0..20 {
            accounts.execute(format!("account-{account}").as_str(), Increase { by: 1 }).await.unwrap();
        }
        Projector::new(&journal, &store, Balances::default()).partition(part).run_to_head().await.unwrap();
    }
    let mut whole = Projector::new(&journal, &store, Balances::default());
    let mut other = store.pool().begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE lines").execute(&mut *other).await.unwrap();
    {
        let mut run = std::pin::pin!(whole.run_to_head());
        let sql = "SELECT count(*) FROM pg_locks WHERE relation = 'lines'::regclass AND NOT granted";
        while sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *other).await.unwrap() == 0 {
            assert!(tokio::time::timeout(Duration::from_millis(5), run.as_mut()).await.is_err(), "it waits");
        }
    }
    other.rollback().await.unwrap();
    let ended = tokio::time::timeout(Duration::from_mins(1), whole.run_to_head()).await.expect("it ends");
    assert_eq!(ended.unwrap(), journal.head().await.unwrap());
    assert_eq!(check(&store, &journal).await, 80);
    let parts: Option<i64> = sqlx::query_scalar("SELECT count(*) FROM es.projections WHERE version IS NOT NULL")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert_eq!(parts, Some(1), "it is not split any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parts_of_another_number_wait_for_the_old_ones_to_end() {
    let database = Server::shared().database();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let journal = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&journal);
    for by in 0..100 {
        accounts.execute(format!("account-{by}").as_str(), Increase { by }).await.unwrap();
    }
    let old = spawn(&journal, &store, 2);
    let head = journal.head().await.unwrap();
    for part in &old {
        part.wait_for(head).await.unwrap();
    }
    let new = spawn(&journal, &store, 3);
    let mut changes = new[0].changes();
    while new[0].status().state != ProjectorState::Waiting {
        changes.next().await.unwrap();
    }
    old[0].stop().await.unwrap();
    accounts.execute("account-1", Increase { by: 1 }).await.unwrap();
    old[1].stop().await.unwrap();
    let head = journal.head().await.unwrap();
    for part in &new {
        part.wait_for(head).await.unwrap();
    }
    assert_eq!(check(&store, &journal).await, 101);
    for part in &new {
        part.stop().await.unwrap();
    }
    // One that is not split may take all of it back, and build it anew.
    let whole = Projector::new(&journal, &store, Balances::default()).spawn();
    whole.rebuild().await.unwrap();
    assert_eq!(check(&store, &journal).await, 101);
}

static UNLUCKY: AtomicBool = AtomicBool::new(true);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_parked_goes_to_the_part_that_its_stream_is_in() {
    const ACT: Act =
        |_| Box::pin(async { if UNLUCKY.load(Ordering::SeqCst) { Err("it is to fail".into()) } else { Ok(()) } });
    let database = Server::shared().database();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let journal = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&journal);
    for by in 0..30 {
        accounts.execute(["alice", "unlucky", "bob"][by % 3], Increase { by: 1 }).await.unwrap();
    }
    let start = |of: u16| {
        let projector = |part| {
            let balances = Balances { unlucky: Some(ACT) };
            let projector = Projector::new(&journal, &store, balances).partition(part);
            projector.on_failure(OnFailure::Park).retry(Retry::NEVER).spawn()
        };
        Partition::all(of).map(projector).collect::<Vec<_>>()
    };
    for of in [2, 1, 5] {
        let parts = start(of);
        let head = journal.head().await.unwrap();
        for part in &parts {
            part.wait_for(head).await.unwrap();
        }
        assert_eq!(lines(&store).await.len(), 20);
        if of == 5 {
            UNLUCKY.store(false, Ordering::SeqCst);
            let stream = StreamId::new("account", "unlucky").unwrap();
            let part = Partition::new(0, of).unwrap().with(&stream);
            let replayed = parts[usize::from(part.index())].replay_parked().await.unwrap();
            assert_eq!((replayed.replayed, replayed.still_parked), (10, 0));
        }
        for part in &parts {
            part.stop().await.unwrap();
        }
    }
    assert_eq!(check(&store, &journal).await, 30);
}
