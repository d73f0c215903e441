//! One process at a time has a projection; another one takes over, and the first cannot write any more.

use std::sync::Arc;
use std::time::Duration;

use es_core::prelude::*;
use es_core::{Checkpoint, Ended, MemoryStore, ReadStore, ReadStoreError, Work};
use es_postgres::{PostgresLease, PostgresStore};
use es_postgres_server::{Database, Proxy, Server};

use crate::domain::{Account, Balances, Increase, lines};

const LEASE: Duration = Duration::from_secs(1);

async fn connect(url: &str) -> PostgresStore {
    PostgresStore::builder().lease_time(LEASE).connect(url).await.unwrap()
}

fn proxy(database: &Database) -> Proxy {
    let options = database.options();
    Proxy::start(format!("{}:{}", options.get_host(), options.get_port()).parse().unwrap()).unwrap()
}

async fn taken(store: &PostgresStore) -> PostgresLease {
    tokio::time::timeout(Duration::from_mins(1), async {
        loop {
            // An error while it is being wrested from its holder passes.
            if let Ok(Some(lease)) = store.lease("balances").await {
                return lease;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the projection is free within a minute")
}

fn save(lease: &Arc<PostgresLease>, number: u64) -> Work<es_postgres::PostgresTx, Result<(), ReadStoreError>> {
    let lease = Arc::clone(lease);
    let journal = es_core::JournalId::new();
    let checkpoint = Checkpoint { version: 1, journal, position: Position::new(number), last: None };
    Box::new(move |tx| {
        Box::pin(async move {
            match PostgresStore::save(&lease, tx, &checkpoint).await {
                Ok(()) => Ended::Commit(Ok(())),
                Err(error) => Ended::RollBack(Err(error)),
            }
        })
    })
}

#[tokio::test]
async fn a_projection_is_free_at_once_when_its_holder_has_lost_the_server() {
    let database = Server::shared().database();
    let proxy = proxy(&database);
    let first =
        PostgresStore::builder().lease_time(Duration::from_mins(10)).connect(&database.url_through(&proxy)).await;
    let first = first.unwrap();
    let second = connect(&database.url()).await;
    for round in 0..10 {
        let old = Arc::new(taken(&first).await);
        assert!(second.lease("balances").await.unwrap().is_none());
        first.transact(save(&old, round)).await.unwrap().unwrap();
        // As it is when a process is killed.
        proxy.cut_all();
        let new = Arc::new(taken(&second).await);
        let refused = first.transact(save(&old, round + 100)).await;
        assert!(matches!(refused, Ok(Err(ReadStoreError::TakenOver { .. }))), "{refused:?}");
        second.transact(save(&new, round)).await.unwrap().unwrap();
        drop(new);
    }
}

/// Makes a table, and saves a checkpoint at the end.
fn write(name: &'static str, lease: &Arc<PostgresLease>, number: u64) -> Work<es_postgres::PostgresTx, ()> {
    let lease = Arc::clone(lease);
    let journal = es_core::JournalId::new();
    let checkpoint = Checkpoint { version: 1, journal, position: Position::new(number), last: None };
    Box::new(move |tx| {
        Box::pin(async move {
            sqlx::query(name).execute(&mut **tx).await.unwrap();
            PostgresStore::save_at_end(&lease, tx, &checkpoint).await.unwrap();
            Ended::Commit(())
        })
    })
}

#[tokio::test]
async fn what_is_saved_at_the_end_under_a_lease_that_was_taken_over_is_refused_with_the_rest() {
    let database = Server::shared().database();
    let proxy = proxy(&database);
    let first = connect(&database.url_through(&proxy)).await;
    let second = connect(&database.url()).await;
    let old = Arc::new(taken(&first).await);
    first.transact_under(&old, write("CREATE TABLE by_the_first (a bigint)", &old, 1)).await.unwrap();
    proxy.cut_all();
    let new = Arc::new(taken(&second).await);
    // Whether it looks at its lease first or does not.
    let work = write("CREATE TABLE again_by_the_first (a bigint)", &old, 2);
    let refused = first.transact_under(&old, work).await;
    assert!(matches!(refused, Err(ReadStoreError::TakenOver { .. })), "{refused:?}");
    let refused = first.transact(write("CREATE TABLE again_by_the_first (a bigint)", &old, 3)).await;
    assert!(matches!(refused, Err(ReadStoreError::TakenOver { .. })), "{refused:?}");
    let lease = Arc::clone(&old);
    let load: Work<es_postgres::PostgresTx, _> =
        Box::new(move |tx| Box::pin(async move { Ended::RollBack(PostgresStore::load(&lease, tx).await) }));
    let refused = first.transact_under(&old, load).await;
    assert!(matches!(refused, Ok(Err(ReadStoreError::TakenOver { .. }))), "{refused:?}");
    second.transact_under(&new, write("CREATE TABLE by_the_second (a bigint)", &new, 4)).await.unwrap();
    let sql = "SELECT relname::text FROM pg_class WHERE relname LIKE '%by_the%' ORDER BY relname";
    let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(second.pool()).await.unwrap();
    assert_eq!(tables, ["by_the_first", "by_the_second"]);
    let sql = "SELECT position FROM es.projections";
    assert_eq!(sqlx::query_scalar::<_, i64>(sql).fetch_one(second.pool()).await.unwrap(), 4);
}

#[tokio::test]
async fn a_projection_is_free_in_time_when_its_holder_cannot_be_reached_also_in_the_midst_of_a_transaction() {
    let database = Server::shared().database();
    let proxy = proxy(&database);
    let first = connect(&database.url_through(&proxy)).await;
    let second = connect(&database.url()).await;
    let old = Arc::new(taken(&first).await);
    let (reached, is_reached) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
    let lease = Arc::clone(&old);
    let work: Work<es_postgres::PostgresTx, Result<(), ReadStoreError>> = Box::new(move |tx| {
        Box::pin(async move {
            PostgresStore::load(&lease, tx).await.unwrap();
            let _ = reached.send(());
            let _ = may_go_on.await;
            let checkpoint =
                Checkpoint { version: 7, journal: es_core::JournalId::new(), position: Position::new(7), last: None };
            match PostgresStore::save(&lease, tx, &checkpoint).await {
                Ok(()) => Ended::Commit(Ok(())),
                Err(error) => Ended::RollBack(Err(error)),
            }
        })
    });
    let running = tokio::spawn({
        let first = first.clone();
        async move { first.transact(work).await }
    });
    is_reached.await.unwrap();
    // It has the row of the projection locked, and nothing reaches the server any more, not even its end.
    proxy.stall();
    let new = Arc::new(taken(&second).await);
    second.transact(save(&new, 1)).await.unwrap().unwrap();
    proxy.resume();
    go_on.send(()).unwrap();
    let ended = running.await.unwrap();
    assert!(!matches!(ended, Ok(Ok(()))), "{ended:?}");
    let refused = first.transact(save(&old, 8)).await;
    assert!(matches!(refused, Ok(Err(ReadStoreError::TakenOver { .. }))), "{refused:?}");
    let sql = "SELECT position FROM es.projections";
    assert_eq!(sqlx::query_scalar::<_, i64>(sql).fetch_one(second.pool()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_transaction_on_a_stalled_connection_is_given_up_while_it_is_stalled_and_comes_to_nothing() {
    const LIMIT: Duration = Duration::from_secs(2);
    let database = Server::shared().database();
    let proxy = proxy(&database);
    let first = PostgresStore::builder().lease_time(LEASE).connect_timeout(LIMIT).answer_timeout(LIMIT);
    let first = first.connect(&database.url_through(&proxy)).await.unwrap();
    let second = connect(&database.url()).await;
    let mut given_up = 0;
    for round in 0..3 {
        let old = Arc::new(taken(&first).await);
        let (reached, is_reached) = tokio::sync::oneshot::channel();
        let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
        let lease = Arc::clone(&old);
        let work: Work<es_postgres::PostgresTx, ()> = Box::new(move |tx| {
            Box::pin(async move {
                PostgresStore::load(&lease, tx).await.unwrap();
                let _ = reached.send(());
                let _ = may_go_on.await;
                // A statement of the projection's own, of which nobody knows how long it takes.
                let _ = sqlx::query("SELECT pg_sleep(0)").execute(&mut **tx).await;
                Ended::Commit(())
            })
        });
        let running = tokio::spawn({
            let first = first.clone();
            async move { first.transact(work).await }
        });
        is_reached.await.unwrap();
        proxy.stall();
        go_on.send(()).unwrap();
        let new = Arc::new(taken(&second).await);
        second.transact(save(&new, round)).await.unwrap().unwrap();
        let ended = tokio::time::timeout(Duration::from_mins(1), running).await.expect("it is given up").unwrap();
        assert!(matches!(&ended, Err(ReadStoreError::Store(error)) if error.is_transient()), "{ended:?}");
        given_up += 1;
        // Nor does what comes next wait for ever.
        let next = tokio::time::timeout(Duration::from_mins(1), first.transact(save(&old, 100))).await;
        assert!(next.expect("it is given up").is_err());
        proxy.resume();
        let refused = loop {
            match first.transact(save(&old, round + 100)).await {
                Ok(refused) => break refused,
                Err(error) => assert!(matches!(error, ReadStoreError::Store(_)), "{error}"),
            }
        };
        assert!(matches!(refused, Err(ReadStoreError::TakenOver { .. })), "{refused:?}");
        drop(new);
    }
    println!("{given_up} transactions were given up while their connection was stalled");
}

#[tokio::test]
async fn a_statement_of_a_projection_may_take_longer_than_an_answer() {
    let database = Server::shared().database();
    let store = PostgresStore::builder().answer_timeout(Duration::from_millis(300)).connect(&database.url()).await;
    let store = store.unwrap();
    let work: Work<es_postgres::PostgresTx, bool> = Box::new(|tx| {
        Box::pin(async move { Ended::Commit(sqlx::query("SELECT pg_sleep(2)").execute(&mut **tx).await.is_ok()) })
    });
    assert!(store.transact(work).await.unwrap());
}

#[tokio::test]
async fn a_lease_is_kept_for_as_long_as_its_holder_is_there() {
    let database = Server::shared().database();
    let (first, second) = (connect(&database.url()).await, connect(&database.url()).await);
    let lease = Arc::new(taken(&first).await);
    // Longer than a lease that is not renewed.
    tokio::time::sleep(4 * LEASE).await;
    assert!(second.lease("balances").await.unwrap().is_none());
    first.transact(save(&lease, 1)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_projector_that_was_cut_off_waits_and_goes_on_when_the_other_ends() {
    let database = Server::shared().database();
    let proxy = proxy(&database);
    let (first, second) = (connect(&database.url_through(&proxy)).await, connect(&database.url()).await);
    let journal = MemoryStore::new();
    let accounts = Repository::<Account, _>::new(&journal);
    let mut expected = Vec::new();
    let mut one = Projector::new(&journal, &first, Balances::default()).spawn();
    let mut other = None;
    for round in 0..6 {
        for by in 0..20 {
            let outcome = accounts.execute("alice", Increase { by }).await.unwrap();
            expected.push((outcome.position, by));
        }
        one.wait_for(expected.last().unwrap().0).await.unwrap();
        match other.take() {
            None => {
                let two = Projector::new(&journal, &second, Balances::default()).spawn();
                // The lease is lost with the connection, and so is whatever is under way.
                proxy.stall();
                for by in 0..20 {
                    let outcome = accounts.execute("bob", Increase { by }).await.unwrap();
                    expected.push((outcome.position, by));
                }
                two.wait_for(expected.last().unwrap().0).await.unwrap();
                proxy.resume();
                other = Some(std::mem::replace(&mut one, two));
            }
            Some(cut_off) => {
                // It learns of it in its own time.
                let mut changes = cut_off.changes();
                let mut state = cut_off.status().state;
                while !matches!(state, ProjectorState::Waiting | ProjectorState::Retrying) {
                    let change = tokio::time::timeout(Duration::from_mins(1), changes.next()).await;
                    state = change.unwrap_or_else(|_| panic!("{state:?} in round {round}")).unwrap().state;
                }
                one.stop().await.unwrap();
                one = cut_off;
                one.wait_for(expected.last().unwrap().0).await.unwrap();
            }
        }
        assert_eq!(lines(&second).await, expected, "{round}");
    }
    println!("{} events, taken over and back", expected.len());
}
