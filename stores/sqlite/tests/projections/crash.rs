//! A process with a projector is killed at random moments: the read model and the checkpoint are those of one moment, and
//! each event is projected once, in order.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use es_core::prelude::*;
use es_core::{BatchSize, Filter, PageSize};
use es_sqlite::SqliteStore;

use crate::common::{Random, place, soak, this_test};
use crate::domain::{Account, Balances, Increase, lines};

const FILE: &str = "ES_CRASH_FILE";
const NUMBER: &str = "ES_CRASH_NUMBER";

/// The process that is killed: projects what there is, and what it appends meanwhile; every fifth builds all anew.
#[test]
fn projects_until_it_is_killed() {
    let (Ok(path), Ok(number)) = (std::env::var(FILE), std::env::var(NUMBER)) else { return };
    let number: u64 = number.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(path).await.unwrap();
        let accounts = Repository::<Account, _>::new(&store);
        let size = BatchSize { events: [3, 50, 4_096][usize::try_from(number % 3).unwrap()], ..BatchSize::default() };
        let balances = Projector::new(&store, &store, Balances::default()).batch(size).spawn();
        println!("began");
        if number % 5 == 4 {
            balances.rebuild().await.unwrap();
        }
        for by in 0.. {
            let outcome = accounts.execute(format!("account-{}", by % 7).as_str(), Increase { by }).await.unwrap();
            balances.wait_for(outcome.position).await.unwrap();
        }
    });
}

fn start(path: &Path, number: u64) -> Child {
    let mut command = this_test("crash::projects_until_it_is_killed");
    command.env(FILE, path).env(NUMBER, number.to_string()).stdout(Stdio::piped()).spawn().unwrap()
}

/// All events of the journal: position, and what was paid in.
async fn journal(store: &SqliteStore) -> Vec<(u64, i64)> {
    let mut events = Vec::new();
    let mut after = Position::START;
    loop {
        let page = store.read_all(after, &Filter::all(), PageSize::default()).await.unwrap();
        events.extend(page.iter().map(|raw| {
            let json: serde_json::Value = serde_json::from_slice(raw.payload.bytes).unwrap();
            (raw.position.number, json["by"].as_i64().unwrap())
        }));
        after = page.next();
        if !page.more() {
            return events;
        }
    }
}

/// Checks that the read model shows the events up to the checkpoint, and nothing else; gives how many these are.
async fn check(store: &SqliteStore) -> Result<usize, String> {
    let sql =
        "SELECT count(*), max(position), (SELECT count(*) FROM sqlite_schema WHERE name = 'lines') FROM projections
               WHERE version IS NOT NULL";
    let found = store.read(move |db| db.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))).await;
    let (checkpoints, position, tables): (i64, Option<i64>, i64) = found.unwrap();
    if checkpoints != tables {
        return Err(format!("{checkpoints} checkpoints and {tables} tables"));
    }
    if tables == 0 {
        return Ok(0);
    }
    let shown = lines(store).await;
    let position = position.unwrap_or(0).unsigned_abs();
    let expected: Vec<_> = journal(store).await.into_iter().filter(|event| event.0 <= position).collect();
    if shown != expected {
        return Err(format!("at {position}: {} lines, and there should be {}", shown.len(), expected.len()));
    }
    let sql = "SELECT coalesce((SELECT sum(balance) FROM balances), 0)";
    let sum: i64 = store.read(move |db| db.query_row(sql, (), |row| row.get(0))).await.unwrap();
    let expected: i64 = expected.iter().map(|event| event.1).sum();
    if sum == expected { Ok(shown.len()) } else { Err(format!("the sum is {sum} and should be {expected}")) }
}

#[tokio::test]
async fn a_projector_killed_at_any_moment_projects_each_event_once_and_in_order() {
    let (_folder, path) = place();
    let mut random = Random::new();
    let kills = if soak() { 1_000 } else { 100 };
    let store = SqliteStore::open(&path).await.unwrap();
    let accounts = Repository::<Account, _>::new(&store);
    let mut fill = tokio::task::JoinSet::new();
    for account in 0..50 {
        let accounts = accounts.clone();
        fill.spawn(async move {
            for by in 0..100 {
                accounts.execute(format!("filled-{account}").as_str(), Increase { by }).await.unwrap();
            }
        });
    }
    fill.join_all().await;
    let (mut behind, mut whole) = (0, 0);
    for number in 0..kills {
        let mut child = start(&path, number);
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(output.by_ref().map_while(Result::ok).any(|line| line.ends_with("began")), "the process runs");
        std::thread::sleep(Duration::from_micros(random.below(120_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let shown = check(&store).await.unwrap_or_else(|wrong| panic!("after kill {number}: {wrong}"));
        if shown < journal(&store).await.len() {
            behind += 1;
        } else {
            whole += 1;
        }
    }
    Projector::new(&store, &store, Balances::default()).run_to_head().await.unwrap();
    let events = journal(&store).await.len();
    assert_eq!(check(&store).await, Ok(events));
    println!("{kills} kills, {behind} of them in the midst of it and {whole} at the end, {events} events");
    assert!(behind > 0, "some were killed while they projected");
}

#[tokio::test]
async fn the_check_finds_what_a_crash_could_leave() {
    for damage in [
        "DELETE FROM lines WHERE position = 3",
        "UPDATE lines SET position = 30 WHERE position = 3",
        "UPDATE balances SET balance = balance + 1",
        "UPDATE projections SET position = 2",
        "DROP TABLE lines",
    ] {
        let (_folder, path) = place();
        let store = SqliteStore::open(&path).await.unwrap();
        let accounts = Repository::<Account, _>::new(&store);
        for by in 0..5 {
            accounts.execute("alice", Increase { by }).await.unwrap();
        }
        Projector::new(&store, &store, Balances::default()).run_to_head().await.unwrap();
        assert_eq!(check(&store).await, Ok(5));
        rusqlite::Connection::open(&path).unwrap().execute_batch(damage).unwrap();
        assert!(check(&store).await.is_err(), "{damage}");
    }
}
