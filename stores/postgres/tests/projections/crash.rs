//! A process with a projector is killed; the one that waits in another process takes over at once.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use es_core::prelude::*;
use es_core::{Filter, PageSize};
use es_postgres::PostgresStore;
use es_postgres_server::Server;

use crate::domain::{Account, Balances, Increase, lines};

const URL: &str = "ES_CRASH_URL";

/// So long that nobody waits for a lease to end by itself.
async fn connect(url: &str) -> PostgresStore {
    PostgresStore::builder().lease_time(Duration::from_hours(1)).connect(url).await.unwrap()
}

/// The process that is killed: projects what there is, and what it appends meanwhile.
#[test]
fn projects_until_it_is_killed() {
    let Ok(url) = std::env::var(URL) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = connect(&url).await;
        let accounts = Repository::<Account, _>::new(&store);
        let balances = Projector::new(&store, &store, Balances::default()).spawn();
        println!("began");
        for by in 0.. {
            let outcome = accounts.execute(format!("account-{}", by % 7).as_str(), Increase { by }).await.unwrap();
            balances.wait_for(outcome.position).await.unwrap();
            println!("projected");
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_projection_whose_process_is_killed_is_taken_over_and_each_event_is_projected_once() {
    let database = Server::shared().database();
    let url = database.url();
    let store = connect(&url).await;
    let kills = if std::env::var_os("ES_SOAK").is_some_and(|value| value == "1") { 200 } else { 10 };
    for kill in 0..kills {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["crash::projects_until_it_is_killed", "--exact", "--nocapture", "--test-threads=1"]);
        let mut child = command.env(URL, &url).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(output.by_ref().any(|line| line.ends_with("projected")), "the process runs");
        // It waits for the other one, and shows how far that is.
        let waiting = Projector::new(&store, &store, Balances::default()).spawn();
        let seen = store.head().await.unwrap();
        waiting.wait_for(seen).await.unwrap();
        assert_eq!(waiting.status().state, ProjectorState::Waiting, "{kill}");
        std::thread::sleep(Duration::from_millis(u64::from(std::process::id() + kill * 13) % 60));
        child.kill().unwrap();
        child.wait().unwrap();
        let outcome = Repository::<Account, _>::new(&store).execute("alice", Increase { by: 1 }).await.unwrap();
        let shown = tokio::time::timeout(Duration::from_mins(2), waiting.wait_for(outcome.position)).await;
        shown.expect("it is taken over").unwrap();
        waiting.stop().await.unwrap();
    }
    let mut events = Vec::new();
    let mut after = Position::START;
    loop {
        let page = store.read_all(after, &Filter::all(), PageSize::default()).await.unwrap();
        events.extend(page.iter().map(|raw| raw.position));
        after = page.next();
        if !page.more() {
            break;
        }
    }
    let shown: Vec<_> = lines(&store).await.into_iter().map(|line| line.0).collect();
    assert_eq!(shown, events, "each once, and in order");
    println!("{kills} kills, {} events", events.len());
}
