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

/// Ends all connections, and waits until they have ended.
async fn cut_all(database: &Database) {
    let mut db = PgConnection::connect(&database.url()).await.unwrap();
    let cut = "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let cut: Vec<(i32, bool)> = sqlx::query_as(cut).fetch_all(&mut db).await.unwrap();
    let pids: Vec<i32> = cut.into_iter().map(|(pid, _)| pid).collect();
    let left = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY ($1)";
    while sqlx::query_scalar::<_, i64>(left).bind(&pids).fetch_one(&mut db).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn where_streams_have_other_numbers_than_before_events_are_of_the_right_ones() {
    let database = Server::shared().database();
    let store = PostgresStore::builder().readers(4).connect(&database.url()).await.unwrap();
    let mut ids = Vec::new();
    for stream in ["a", "b"] {
        let new = event();
        ids.push(new.id);
        let stream = StreamId::new("account", stream).unwrap();
        store.append(Append::to_stream(stream, ExpectedVersion::NoStream, vec![new])).await.unwrap();
    }
    // The other tests' transactions on this server may hold readers back.
    let newest = store.newest().await.unwrap();
    while store.head().await.unwrap() < newest {
        tokio::task::yield_now().await;
    }
    let mut streams = ["a", "b"];
    for _ in 0..5 {
        // Readers are at it all the time, with pages that they have begun before.
        let (done, ends) = tokio::sync::watch::channel(false);
        let readers: Vec<_> = (0..8)
            .map(|_| {
                let (store, ends) = (store.clone(), ends.clone());
                tokio::spawn(async move {
                    while !*ends.borrow() {
                        // A connection that was cut is an error, or is not seen at all.
                        let _ = store.read_all(Position::START, &Filter::all(), PageSize::default()).await;
                    }
                })
            })
            .collect();
        store.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap();
        // As a restore does it: the tables are other ones, and the connections are cut.
        run(
            &database,
            "UPDATE es.streams SET id = 'other' WHERE id = 'a';
             UPDATE es.streams SET id = 'a' WHERE id = 'b';
             UPDATE es.streams SET id = 'b' WHERE id = 'other';
             CLUSTER es.streams USING streams_pkey;",
        )
        .await;
        cut_all(&database).await;
        streams.reverse();
        done.send(true).unwrap();
        for reader in readers {
            reader.await.unwrap();
        }
        for _ in 0..8 {
            let page = loop {
                let read = store.read_all(Position::START, &Filter::all(), PageSize::default()).await;
                // More connections may have been cut than it tries anew.
                match read {
                    Err(error) if error.is_transient() => {}
                    read => break read.unwrap(),
                }
            };
            let found: Vec<_> = page.iter().map(|raw| (raw.id, raw.stream.id())).collect();
            assert_eq!(found, [(ids[0], streams[0]), (ids[1], streams[1])]);
        }
    }
}

#[tokio::test]
async fn where_streams_have_other_numbers_in_the_same_table_events_go_to_the_right_ones() {
    // As a restore of the data alone does it: what the table is to the server stays as it was.
    const REFILL: &str = "
        BEGIN;
        CREATE TEMPORARY TABLE before ON COMMIT DROP AS SELECT * FROM es.streams;
        TRUNCATE es.streams;
        INSERT INTO es.streams (no, aggregate, id, version, epoch, recorded_at) OVERRIDING SYSTEM VALUE
        SELECT no % 20 + 1, aggregate, id, version, epoch, recorded_at FROM before;
        ALTER TABLE es.events DISABLE TRIGGER ALL;
        UPDATE es.events SET stream = -stream;
        UPDATE es.events SET stream = -stream % 20 + 1;
        ALTER TABLE es.events ENABLE TRIGGER ALL;
        COMMIT;
    ";
    let database = Server::shared().database();
    let store = PostgresStore::builder().writers(1).connect(&database.url()).await.unwrap();
    let streams: Vec<_> = (0..20).map(|number| StreamId::new("account", &number.to_string()).unwrap()).collect();
    let mut version = 1;
    for stream in &streams {
        store.append(Append::to_stream(stream.clone(), ExpectedVersion::NoStream, vec![event()])).await.unwrap();
    }
    // One event alone, several, and a batch; all streams have the same version, so that it tells nobody apart.
    for (events, together) in [(1, false), (2, false), (1, true)] {
        let append = |stream: &StreamId| {
            let events: Vec<_> = std::iter::repeat_with(event).take(events).collect();
            let ids: Vec<_> = events.iter().map(|event| event.id).collect();
            (ids, Append::to_stream(stream.clone(), ExpectedVersion::Exact(version), events))
        };
        run(&database, REFILL).await;
        let mut written = Vec::new();
        if together {
            let mut answers = tokio::task::JoinSet::new();
            for (index, stream) in streams.iter().enumerate() {
                let (store, (ids, append)) = (store.clone(), append(stream));
                answers.spawn(async move { (index, ids, store.append(append).await) });
            }
            while let Some(answer) = answers.join_next().await {
                written.push(answer.unwrap());
            }
        } else {
            for (index, stream) in streams.iter().enumerate() {
                let (ids, append) = append(stream);
                written.push((index, ids, store.append(append).await));
            }
        }
        // What readers remember may be old.
        let reader = PostgresStore::connect(&database.url()).await.unwrap();
        let versions = version + 1..=version + events as u64;
        for (index, ids, answer) in written {
            let appended = answer.unwrap();
            assert!(!appended.repeated);
            assert_eq!(appended.streams[0].versions, Some(versions.clone()));
            let page = reader.read_stream(&streams[index], versions.clone(), PageSize::default()).await.unwrap();
            assert_eq!(page.iter().map(|raw| raw.id).collect::<Vec<_>>(), ids);
        }
        reader.close().await;
        version += events as u64;
    }
}
