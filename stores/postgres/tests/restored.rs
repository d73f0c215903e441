//! A journal whose tables were restored elsewhere, where the ids of transactions start anew.
#![allow(missing_docs, reason = "a test")]

mod common;

use common::event;
use es_core::{Append, Appended, ExpectedVersion, Filter, Journal, PageSize, Position, StreamId};
use es_postgres::PostgresStore;
use es_postgres_server::{Database, Server};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

async fn append(store: &PostgresStore) -> Appended {
    let stream = StreamId::new("account", "alice").unwrap();
    store.append(Append::to_stream(stream, ExpectedVersion::Any, vec![event()])).await.unwrap()
}

async fn positions(store: &PostgresStore) -> Vec<Position> {
    let page = store.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap();
    page.iter().map(|raw| raw.position).collect()
}

async fn run(database: &Database, sql: &str) {
    let mut db = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_ids_of_transactions_start_anew_events_come_after_all_there_are() {
    let database = Server::shared().database();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let id = store.id();
    append(&store).await;
    store.close().await;
    // As a dump of another server, which had come further.
    run(
        &database,
        "ALTER TABLE es.events DISABLE TRIGGER ALL;
         UPDATE es.events SET epoch = epoch + 1000000000;
         UPDATE es.streams SET epoch = epoch + 1000000000;
         ALTER TABLE es.events ENABLE TRIGGER ALL;
         UPDATE es.meta SET system_identifier = 1;",
    )
    .await;

    let store = PostgresStore::connect(&database.url()).await.unwrap();
    assert_eq!(store.id(), id, "it is the same journal");
    store.wait(Position::START).await.unwrap();
    let [before] = positions(&store).await[..] else { panic!("the event that was restored is not read") };
    let appended = append(&store).await;
    assert_eq!(appended.streams[0].versions, Some(2..=2));
    assert!(appended.position > before, "{} comes before {before}", appended.position);
    // The other tests' transactions on this server may hold readers back.
    assert_eq!(store.wait(before).await.unwrap(), appended.position);
    assert_eq!(positions(&store).await, [before, appended.position]);
    assert_eq!(store.head().await.unwrap(), appended.position);
    // A journal that stays where it is stays in its generation.
    store.close().await;
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let again = append(&store).await;
    assert_eq!(again.position.epoch >> 48, appended.position.epoch >> 48);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_database_goes_on_by_itself() {
    let (database, copy) = (Server::shared().database(), Server::shared().database());
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let appended = append(&store).await;
    store.close().await;
    let name = |database: &Database| database.options().get_database().unwrap().to_owned();
    let (from, to) = (name(&database), name(&copy));
    let server = Server::shared().database();
    run(&server, &format!("DROP DATABASE {to}")).await;
    // Where a connection is still being closed.
    run(
        &server,
        &format!(
            "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{from}'; END $$"
        ),
    )
    .await;
    run(&server, &format!("CREATE DATABASE {to} TEMPLATE {from}")).await;
    let copied = PostgresStore::connect(&copy.url()).await.unwrap();
    assert_eq!(copied.wait(Position::START).await.unwrap(), appended.position);
    assert_eq!(positions(&copied).await, [appended.position]);
    let in_copy = append(&copied).await;
    assert!(in_copy.position > appended.position);
    assert_eq!(copied.wait(appended.position).await.unwrap(), in_copy.position);
    assert_eq!(positions(&copied).await, [appended.position, in_copy.position]);
}
