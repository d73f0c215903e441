//! Connections that are cut around the commit of an append.

use std::sync::atomic::Ordering;

use es_core::{Append, ExpectedVersion, StreamId};
use es_postgres::PostgresStore;
use es_postgres_server::{Cut, Proxy, Server};

use crate::clients::{Answers, event, soak};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_that_is_cut_around_the_commit_leaves_no_doubt_in_the_end() {
    let database = Server::shared().database();
    let options = database.options();
    let proxy = Proxy::start(format!("{}:{}", options.get_host(), options.get_port()).parse().unwrap()).unwrap();
    let store = PostgresStore::connect(&database.url_through(&proxy)).await.unwrap();
    let stream = StreamId::new("account", "alice").unwrap();
    let answers = Answers::default();
    let rounds = if soak() { 3_000 } else { 150 };
    let mut version = 0;
    let mut cuts = 0;
    for round in 0..rounds {
        let cut = [Cut::Unsent, Cut::Sent, Cut::Answered][round % 3];
        let found = answers.found.load(Ordering::SeqCst);
        // The first append is one for the function, the others are usual ones.
        proxy.cut_at(cut, |sql| sql.contains(".append(") || sql.contains(".events ("));
        let append = Append::to_stream(stream.clone(), ExpectedVersion::Exact(version), vec![event(), event()]);
        let written = answers.append(&store, append).await;
        cuts += usize::from(!proxy.is_armed());
        if written {
            version += 2;
        }
        let was_found = answers.found.load(Ordering::SeqCst) > found;
        match cut {
            // What was committed is never said not to be.
            Cut::Answered => assert!(written && was_found, "{round}"),
            Cut::Unsent => assert!(!was_found, "{round}"),
            Cut::Sent => {}
        }
    }
    assert_eq!(cuts, rounds);
    let events = answers.check(&store).await;
    println!(
        "{cuts} cuts: {events} events, {} times not known, of which {} were written",
        answers.unknown.load(Ordering::SeqCst),
        answers.found.load(Ordering::SeqCst)
    );
}
