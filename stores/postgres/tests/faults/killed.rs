//! The server is killed and started again; all connections are ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use es_core::prelude::*;
use es_postgres::PostgresStore;
use es_postgres_server::Node;

use crate::clients::{Answers, Clients, soak};
use crate::domain::Sums;

async fn projected(store: &PostgresStore) -> (i64, i64) {
    let sql = "SELECT (SELECT count(*) FROM lines), (SELECT coalesce(sum(sum), 0)::bigint FROM sums)";
    loop {
        // Connections that were idle in the pool may be gone.
        if let Ok(row) = sqlx::query_as(sql).fetch_one(store.pool()).await {
            return row;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Appends and projects while something happens again and again; checks that nothing was lost, and nothing done twice.
async fn under_load(rounds: usize, mut happens: impl FnMut(&Node)) -> (Arc<Answers>, usize) {
    let node = Node::start().unwrap();
    let store = PostgresStore::builder().connect_with(node.options()).await.unwrap();
    let answers = Arc::new(Answers::default());
    let sums = Projector::new(&store, &store, Sums).spawn();
    let clients = Clients::start(&store, &answers, 8);
    for _ in 0..rounds {
        answers.wait_for_more(20).await;
        happens(&node);
    }
    answers.wait_for_more(20).await;
    clients.stop().await;
    let events = answers.check(&store).await;
    assert!(events >= rounds * 20, "{events} events in {rounds} rounds");
    let head = store.head().await.unwrap();
    tokio::time::timeout(Duration::from_mins(2), sums.wait_for(head)).await.expect("the projector goes on").unwrap();
    let count = i64::try_from(events).unwrap();
    assert_eq!(projected(&store).await, (count, count), "each event was projected once");
    (answers, events)
}

fn report(what: &str, answers: &Answers, events: usize) {
    let Answers { written, not_written, unknown, found, .. } = answers;
    let count = |count: &std::sync::atomic::AtomicUsize| count.load(Ordering::SeqCst);
    println!(
        "{what}: {events} events, {} acknowledged, {} not written, {} times not known, of which {} were written",
        count(written),
        count(not_written),
        count(unknown),
        count(found)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_killed_in_mid_append_has_all_that_was_acknowledged_and_nothing_twice() {
    let kills = if soak() { 100 } else { 50 };
    let (answers, events) = under_load(kills, |node| {
        node.kill().unwrap();
        node.restart().unwrap();
    })
    .await;
    report(&format!("{kills} kills"), &answers, events);
    let unknown = answers.unknown.load(Ordering::SeqCst);
    assert!(unknown >= kills / 5, "only {unknown} appends were under way when the server was killed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ending_all_connections_under_load_loses_nothing_and_doubles_nothing() {
    let rounds = if soak() { 1_000 } else { 50 };
    let mut ended = 0;
    let (answers, events) = under_load(rounds, |node| ended += node.terminate_backends().unwrap()).await;
    assert!(ended >= rounds, "{ended} connections");
    report(&format!("{ended} connections ended"), &answers, events);
}
