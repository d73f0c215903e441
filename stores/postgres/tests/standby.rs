//! A standby that has to confirm each commit.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::time::Duration;

use common::event;
use es_core::{Append, AppendError, ExpectedVersion, Journal, StreamId};
use es_postgres::PostgresStore;
use es_postgres_server::Node;
use sqlx::{Connection, PgConnection, Row};

/// Tells the server not to wait for its standby any more, once something does.
async fn cancel_the_wait(db: &mut PgConnection) {
    let sql = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    loop {
        let rows = sqlx::query(sql).fetch_all(&mut *db).await.unwrap();
        if rows.iter().any(|row| row.get::<bool, _>(0)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn an_append_that_no_standby_has_confirmed_is_unknown_and_so_is_its_repeat_until_one_has() {
    let primary = Node::start().unwrap();
    let standby = primary.standby().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // What whoever administers the server has set for all its clients does not hide it.
    primary.sql("ALTER DATABASE postgres SET client_min_messages = error").unwrap();
    let (store, append) = runtime.block_on(async {
        let store = PostgresStore::builder().connect_with(primary.options()).await.unwrap();
        let stream = StreamId::new("account", "alice").unwrap();
        let confirmed = Append::to_stream(stream.clone(), ExpectedVersion::NoStream, vec![event()]);
        store.append(confirmed).await.unwrap();
        (store, Append::to_stream(stream, ExpectedVersion::Exact(1), vec![event()]))
    });
    standby.kill().unwrap();
    runtime.block_on(async {
        let mut db = PgConnection::connect_with(&primary.options()).await.unwrap();
        for _ in 0..2 {
            let (store, append) = (store.clone(), append.clone());
            let waiting = tokio::spawn(async move { store.append(append).await });
            cancel_the_wait(&mut db).await;
            let answer = waiting.await.unwrap();
            assert!(matches!(answer, Err(AppendError::Unknown { .. })), "{answer:?}");
        }
    });
    standby.restart().unwrap();
    let appended = runtime.block_on(store.append(append)).unwrap();
    assert!(appended.repeated);
    assert_eq!(appended.streams[0].versions, Some(2..=2));
}
