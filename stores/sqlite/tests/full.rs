//! No room for more: an error that says so, nothing lost, and it goes on when there is room again.
#![allow(missing_docs, reason = "a test")]
#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use common::{Random, account, count, event, payloads, place, soak, this_test, to};
use es_core::{AppendError, ExpectedVersion, Journal, JournalError};
use es_sqlite::SqliteStore;
use rusqlite::Connection;

const FILE: &str = "ES_FULL_FILE";
const SEED: &str = "ES_FULL_SEED";

fn payload(number: usize) -> String {
    format!("\"{number}:{}\"", "x".repeat(number * 7_919 % 3_000))
}

/// The process whose files may not grow above a size.
#[tokio::test]
async fn appends_until_there_is_no_room() {
    let (Ok(path), Ok(seed)) = (std::env::var(FILE), std::env::var(SEED)) else { return };
    let mut random = Random::seeded(seed.parse().unwrap());
    let alice = account("alice");
    let store = SqliteStore::open(&path).await.unwrap();
    let (mut written, mut refused) = (0, 0);
    while refused < 20 {
        let events =
            (0..=random.below(4)).map(|more| event(payload(written + usize::try_from(more).unwrap()))).collect();
        let append = to(&alice, ExpectedVersion::Exact(written as u64), events);
        let more = append.len();
        match store.append(append).await {
            Ok(_) => written += more,
            Err(AppendError::Journal(JournalError::Full { .. })) => refused += 1,
            Err(other) => panic!("after {written} events: {other:?}"),
        }
    }
    let stored = payloads(&store, &alice).await.unwrap();
    assert_eq!(stored, (0..written).map(payload).collect::<Vec<_>>());

    let mut raise = Command::new("prlimit");
    raise.args(["--pid", &std::process::id().to_string(), "--fsize=unlimited"]);
    if raise.status().is_ok_and(|status| status.success()) {
        store.append(to(&alice, ExpectedVersion::Exact(written as u64), vec![event(payload(written))])).await.unwrap();
        written += 1;
    } else {
        eprintln!("without `prlimit` it is not shown that the store goes on when there is room again");
    }
    store.close().await;
    println!("written {written} refused {refused}");
}

/// Runs a test in a process whose files may not grow above a limit, in blocks of 512 bytes. Gives what it prints.
fn limited(test: &str, path: &Path, limit: u64, seed: u64) -> String {
    // The shell ignores the signal that a process gets instead of the error, and so do its children.
    let script = format!("trap '' XFSZ; ulimit -S -f {limit}; exec \"$0\" \"$@\"");
    let own = this_test(test);
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(own.get_program()).args(own.get_args());
    let output = shell.env(FILE, path).env(SEED, seed.to_string()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn run(path: &Path, limit: u64, seed: u64) -> usize {
    let text = limited("appends_until_there_is_no_room", path, limit, seed);
    let (_, said) = text.split_once("written ").unwrap_or_else(|| panic!("{text}"));
    said.split(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_journal_without_room_refuses_appends_and_keeps_what_it_has() {
    let mut random = Random::new();
    let rounds = if soak() { 200 } else { 20 };
    let mut events = 0;
    for _ in 0..rounds {
        let (_folder, path) = place();
        // Room for the schema, and then for some.
        let written = run(&path, 400 + random.below(4_000), random.next());
        let store = SqliteStore::open(&path).await.unwrap();
        assert_eq!(count(&store).await.unwrap(), written);
        assert_eq!(payloads(&store, &account("alice")).await.unwrap(), (0..written).map(payload).collect::<Vec<_>>());
        let sound: String =
            store.read(|db| db.query_row("PRAGMA integrity_check", (), |row| row.get(0))).await.unwrap();
        assert_eq!(sound, "ok");
        events += written;
    }
    println!("{rounds} times full, {events} events kept");
    assert!(events > rounds * 10);
}

/// The process whose files may not grow above a size, while somebody reads in one long transaction.
#[tokio::test]
async fn appends_beside_a_reader_until_there_is_no_room() {
    let (Ok(path), Ok(_)) = (std::env::var(FILE), std::env::var(SEED)) else { return };
    let timeout = Duration::from_millis(500);
    let store = SqliteStore::builder().busy_timeout(timeout).open(&path).await.unwrap();
    let append = || store.append(to(&account("alice"), ExpectedVersion::Any, vec![event(payload(1))]));
    append().await.unwrap();
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM events").unwrap();
    while append().await.is_ok() {}
    let started = Instant::now();
    for _ in 0..20 {
        append().await.unwrap_err();
    }
    let took = started.elapsed();
    assert!(took < timeout * 5, "{took:?} for 20 appends");
    drop(reader);
    let mut refused = 0;
    while append().await.is_err() {
        refused += 1;
        assert!(refused < 20, "what is in the WAL can be copied again, and there is room in it");
    }
    println!("the writer did not wait");
}

#[tokio::test]
async fn a_writer_without_room_does_not_wait_again_and_again_for_a_reader() {
    let (_folder, path) = place();
    let text = limited("appends_beside_a_reader_until_there_is_no_room", &path, 2_000, 0);
    assert!(text.contains("the writer did not wait"), "{text}");
}
