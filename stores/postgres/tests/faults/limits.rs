//! Nothing is left of something: connections, or time.

use std::time::Duration;

use es_core::{Append, AppendError, ExpectedVersion, Journal, JournalError, StreamId};
use es_postgres::{ConnectError, PostgresStore};
use es_postgres_server::{Node, Server};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::clients::event;

fn append(stream: &str) -> Append {
    Append::to_stream(StreamId::new("account", stream).unwrap(), ExpectedVersion::Any, vec![event()])
}

#[tokio::test]
async fn a_program_that_takes_all_connections_of_the_pool_holds_up_its_own_queries_alone() {
    let database = Server::shared().database();
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(3).acquire_timeout(Duration::from_secs(3));
    let store = PostgresStore::builder().pool_options(pool).connect(&database.url()).await.unwrap();
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(store.pool().acquire().await.unwrap());
    }
    assert!(matches!(store.pool().acquire().await, Err(sqlx::Error::PoolTimedOut)));
    for number in 1..=20 {
        let appended = store.append(append("alice")).await.unwrap();
        assert_eq!(store.version(&StreamId::new("account", "alice").unwrap()).await.unwrap(), number);
        assert_eq!(store.head().await.unwrap(), appended.position);
    }
    drop(taken);
    store.pool().acquire().await.unwrap();
}

#[tokio::test]
async fn a_server_that_takes_no_more_connections_is_an_error_that_passes() {
    let node = Node::start().unwrap();
    node.sql("CREATE ROLE bank LOGIN PASSWORD 'bank' CONNECTION LIMIT 6; GRANT CREATE ON DATABASE postgres TO bank")
        .unwrap();
    let options = node.options().username("bank").password("bank");
    // So that it has what it needs for one append at a time, and no more.
    let store = PostgresStore::builder().writers(1).readers(1).connect_with(options.clone()).await.unwrap();
    store.append(append("alice")).await.unwrap();
    let mut taken = Vec::new();
    while let Ok(connection) = PgConnection::connect_with(&options).await {
        taken.push(connection);
    }
    assert!(!taken.is_empty());
    let refused = PostgresStore::builder().connect_with(options.clone()).await;
    assert!(matches!(refused, Err(ConnectError::Unreachable { .. })), "{refused:?}");
    // The connection that it has is enough.
    store.append(append("alice")).await.unwrap();
    node.terminate_backends().unwrap();
    while let Ok(connection) = PgConnection::connect_with(&options).await {
        taken.push(connection);
        if taken.len() > 20 {
            break;
        }
    }
    drop(taken);
    let mut refused = 0;
    loop {
        match store.append(append("alice")).await {
            Ok(_) => break,
            Err(AppendError::Journal(JournalError::Busy { .. }) | AppendError::Unknown { .. }) => {
                refused += 1;
                assert!(refused < 1_000, "it does not pass");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn an_append_that_waits_too_long_for_another_program_was_not_written_and_may_be_tried_again() {
    let database = Server::shared().database();
    let store =
        PostgresStore::builder().statement_timeout(Duration::from_millis(300)).connect(&database.url()).await.unwrap();
    store.append(append("alice")).await.unwrap();
    let mut other = PgConnection::connect(&database.url()).await.unwrap();
    let mut holding = other.begin().await.unwrap();
    holding.execute("SELECT * FROM es.streams FOR UPDATE").await.unwrap();
    let waits = append("alice");
    for _ in 0..3 {
        let refused = store.append(waits.clone()).await;
        assert!(matches!(&refused, Err(AppendError::Journal(error)) if error.is_transient()), "{refused:?}");
    }
    // Other streams do not wait... for that they would have to be there already: a new one is no row yet.
    store.append(append("bob")).await.unwrap();
    holding.rollback().await.unwrap();
    let appended = store.append(waits.clone()).await.unwrap();
    assert!(!appended.repeated);
    assert_eq!(store.version(&StreamId::new("account", "alice").unwrap()).await.unwrap(), 2);
    assert!(store.append(waits).await.unwrap().repeated);
}
