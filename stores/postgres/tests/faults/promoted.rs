//! The server dies for good, and its standby takes over.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use es_postgres::PostgresStore;
use es_postgres_server::{Node, Proxy};

use crate::clients::{Answers, Clients, soak};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_standby_that_takes_over_has_all_that_was_acknowledged_and_nothing_twice() {
    let mut primary = Node::start().unwrap();
    // As an address that moves along.
    let proxy = Proxy::start(primary.address()).unwrap();
    let address = proxy.address();
    let options = primary.options().host(&address.ip().to_string()).port(address.port());
    let store = PostgresStore::builder().connect_with(options).await.unwrap();
    let answers = Arc::new(Answers::default());
    let clients = Clients::start(&store, &answers, 8);
    let rounds = if soak() { 50 } else { 3 };
    for _ in 0..rounds {
        let standby = primary.standby().unwrap();
        answers.wait_for_more(50).await;
        primary.kill().unwrap();
        standby.promote().unwrap();
        proxy.set_target(standby.address());
        proxy.cut_all();
        primary = standby;
        answers.wait_for_more(50).await;
    }
    clients.stop().await;
    let events = answers.check(&store).await;
    println!(
        "{rounds} promotions: {events} events, {} times not known, of which {} were written",
        answers.unknown.load(Ordering::SeqCst),
        answers.found.load(Ordering::SeqCst)
    );
}
