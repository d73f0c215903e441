//! Commands while the server is killed, is away for a while, and starts again.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use es_core::prelude::*;
use es_postgres::PostgresStore;
use es_postgres_server::Node;
use tokio::task::JoinSet;

use crate::clients::soak;
use crate::domain::{Account, Increase};

/// What clients were told of their commands, each of which increases an account by 1.
#[derive(Debug, Default)]
struct Told {
    done: AtomicUsize,
    repeated: AtomicUsize,
    again: AtomicUsize,
    unknown: AtomicUsize,
}

/// Executes commands, one after the other, for as long as it is to; gives how many were done.
async fn client(
    accounts: Repository<Account, PostgresStore>,
    account: String,
    told: Arc<Told>,
    goes_on: Arc<AtomicBool>,
) -> i64 {
    let mut done = 0;
    while goes_on.load(Ordering::SeqCst) {
        let id = CommandId::new();
        // An error that says that trying again helps is taken at its word.
        loop {
            match accounts.execute(&*account, Increase { by: 1 }).command_id(id).await {
                Ok(outcome) => {
                    told.done.fetch_add(1, Ordering::SeqCst);
                    told.repeated.fetch_add(usize::from(outcome.repeated), Ordering::SeqCst);
                    break;
                }
                Err(ExecuteError::Unknown { .. }) => drop(told.unknown.fetch_add(1, Ordering::SeqCst)),
                Err(ExecuteError::Journal(error)) if error.is_transient() => {
                    told.again.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        done += 1;
    }
    done
}

/// Has clients execute commands while the server is away again and again.
async fn restarts(rounds: usize, away: Duration, patience: Patience) -> Arc<Told> {
    let node = Node::start().unwrap();
    let store = PostgresStore::builder().connect_with(node.options()).await.unwrap();
    let accounts = Repository::<Account, _>::builder(&store).patience(patience).build();
    let (told, goes_on) = (Arc::new(Told::default()), Arc::new(AtomicBool::new(true)));
    let mut clients = JoinSet::new();
    for number in 0..8 {
        // Four have an account of their own, four share one.
        let account = if number < 4 { format!("account {number}") } else { "shared".to_owned() };
        let running = client(accounts.clone(), account.clone(), Arc::clone(&told), Arc::clone(&goes_on));
        clients.spawn(async move { (account, running.await) });
    }
    let more = async |events| {
        let target = told.done.load(Ordering::SeqCst) + events;
        let begun = Instant::now();
        while told.done.load(Ordering::SeqCst) < target {
            assert!(begun.elapsed() < Duration::from_mins(2), "commands go on within two minutes");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    for _ in 0..rounds {
        more(40).await;
        node.kill().unwrap();
        tokio::time::sleep(away).await;
        tokio::task::block_in_place(|| node.restart()).unwrap();
    }
    more(40).await;
    goes_on.store(false, Ordering::SeqCst);
    let mut expected = HashMap::<String, i64>::new();
    for (account, done) in clients.join_all().await {
        *expected.entry(account).or_default() += done;
    }
    let fresh = Repository::<Account, _>::new(&store);
    for (account, done) in expected {
        let loaded = fresh.load(&*account).await.unwrap();
        assert_eq!((loaded.state.balance, loaded.version), (done, done.unsigned_abs()), "{account}");
    }
    told
}

fn report(what: &str, rounds: usize, told: &Told) {
    let count = |count: &AtomicUsize| count.load(Ordering::SeqCst);
    println!(
        "{what}: {rounds} restarts, {} commands done, of which {} were found; {} errors said to try again, {} that nobody knows",
        count(&told.done),
        count(&told.repeated),
        count(&told.again),
        count(&told.unknown)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commands_do_not_notice_that_the_server_is_started_anew() {
    let rounds = if soak() { 50 } else { 5 };
    // The machine may be slow to start it, so there is more than the time of the default.
    let patience = Patience { total: Duration::from_mins(1), ..Patience::default() };
    let told = restarts(rounds, Duration::from_secs(1), patience).await;
    report("with patience", rounds, &told);
    assert_eq!((told.again.load(Ordering::SeqCst), told.unknown.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_patience_commands_are_told_whether_to_try_again() {
    let rounds = if soak() { 50 } else { 5 };
    let told = restarts(rounds, Duration::from_millis(100), Patience::NONE).await;
    report("without patience", rounds, &told);
    assert!(told.again.load(Ordering::SeqCst) + told.unknown.load(Ordering::SeqCst) >= rounds);
}
