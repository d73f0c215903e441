//! Relays on SQLite, in one file with the journal and in another.

use std::time::Duration;

use es_core::prelude::*;
use es_core::testing::TestPublisher;
use es_core::{PublishError, Retry};
use es_sqlite::SqliteStore;

use crate::common::place;
use crate::domain::{Account, BankNews, Increase, expected};

async fn follow(journal: &SqliteStore, outbox: &SqliteStore) {
    let accounts = Repository::<Account, _>::new(journal);
    let publisher = TestPublisher::new();
    let relay = Relay::from_start(journal, outbox, BankNews, publisher.clone()).at_once(3).spawn();
    for by in 1..=100 {
        let outcome = accounts.execute(format!("account-{}", by % 3).as_str(), Increase { by }).await.unwrap();
        if by % 10 == 0 {
            relay.wait_for(outcome.position).await.unwrap();
        }
    }
    relay.stop().await.unwrap();
    let mut streams = std::collections::BTreeMap::<String, Vec<String>>::new();
    for message in publisher.sent() {
        streams.entry(message.stream.to_string()).or_default().push(message.json);
    }
    assert_eq!(streams, expected(journal).await);
    let left = outbox.read(|db| db.query_row("SELECT count(*) FROM outbox", (), |row| row.get::<_, i64>(0)));
    assert_eq!(left.await.unwrap(), 0, "what was sent is deleted");
}

#[tokio::test]
async fn an_outbox_in_the_journals_own_file() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    follow(&store, &store).await;
    store.close().await;
}

#[tokio::test]
async fn an_outbox_in_another_file() {
    let (folder, path) = place();
    let journal = SqliteStore::open(&path).await.unwrap();
    let outbox = SqliteStore::open(folder.path().join("outbox.db")).await.unwrap();
    follow(&journal, &outbox).await;
}

#[tokio::test]
async fn an_outbox_in_memory() {
    let store = SqliteStore::open_in_memory().await.unwrap();
    follow(&store, &store).await;
}

#[tokio::test]
async fn a_person_sees_what_is_parked_and_what_was_sent() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let accounts = Repository::<Account, _>::new(&store);
    accounts.execute("alice", Increase { by: 1 }).await.unwrap();
    accounts.execute("alice", Increase { by: 2 }).await.unwrap();
    accounts.execute("bob", Increase { by: 4 }).await.unwrap();
    let publisher = TestPublisher::new();
    publisher.fail_when(|message| (message.stream.id() == "alice").then(|| PublishError::failed("no account of ours")));
    let retry = Retry { attempts: 2, ..Retry::default() };
    let mut relay =
        Relay::from_start(&store, &store, BankNews, publisher).retry(retry).keep_sent(Duration::from_hours(1));
    relay.run_to_head().await.unwrap();
    let rows = store.read(|db| {
        let mut query = db.prepare("SELECT stream, state, attempts, error, type FROM outbox ORDER BY position")?;
        let rows = query.query_map((), |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, u32>(2)?,
                row.get::<_, Option<String>>(3)?,
            ))
        })?;
        rows.collect::<Result<Vec<_>, _>>()
    });
    let row = |stream: &str, state: &str, attempts, error: Option<&str>| {
        (stream.to_owned(), state.to_owned(), attempts, error.map(str::to_owned))
    };
    let error = Some("no account of ours");
    let expected = [row("alice", "parked", 2, error), row("alice", "parked", 0, None), row("bob", "sent", 0, None)];
    assert_eq!(rows.await.unwrap(), expected);
}

#[tokio::test]
async fn a_projection_cannot_touch_an_outbox() {
    use es_core::{Ended, ReadStore, Work};
    let store = SqliteStore::open_in_memory().await.unwrap();
    let work: Work<es_sqlite::SqliteTx, String> = Box::new(|tx| {
        Box::pin(async move {
            let refused = tx.execute("DELETE FROM outbox", ()).unwrap_err();
            Ended::RollBack(refused.to_string())
        })
    });
    let error = store.transact(work).await.unwrap();
    assert!(error.contains("the tables of the journal"), "{error}");
}
