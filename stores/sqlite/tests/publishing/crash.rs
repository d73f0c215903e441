//! A process with a relay is killed at random moments: no message is lost, those of a stream are in order, and what comes
//! twice is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use es_core::SyncPolicy;
use es_core::prelude::*;
use es_sqlite::SqliteStore;

use crate::common::{Random, place, soak, this_test};
use crate::domain::{Account, BankNews, Increase, expected};

const FILE: &str = "ES_CRASH_FILE";
const NUMBER: &str = "ES_CRASH_NUMBER";

fn lines_of(path: &Path) -> PathBuf {
    path.with_file_name("news.jsonl")
}

/// The process that is killed: appends, and publishes what it and others have appended.
#[test]
fn publishes_until_it_is_killed() {
    let (Ok(path), Ok(number)) = (std::env::var(FILE), std::env::var(NUMBER)) else { return };
    let number: u64 = number.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let lines = lines_of(Path::new(&path));
        let store = SqliteStore::open(path).await.unwrap();
        let accounts = Repository::<Account, _>::new(&store);
        let sync = [SyncPolicy::Always, SyncPolicy::Never][usize::from(number % 2 == 1)];
        let batch = [1, 7, 256][usize::try_from(number % 3).unwrap()];
        let lines = JsonLines::file(lines).sync(sync);
        let mut relay = Relay::from_start(&store, &store, BankNews, lines).batch(batch);
        if number % 5 == 4 {
            relay = relay.keep_sent(Duration::from_millis(50));
        }
        let relay = relay.spawn();
        println!("began");
        for by in 0.. {
            let outcome = accounts.execute(format!("account-{}", by % 7).as_str(), Increase { by }).await.unwrap();
            if by % 20 == 19 {
                relay.wait_for(outcome.position).await.unwrap();
            }
        }
    });
}

fn start(path: &Path, number: u64) -> Child {
    let mut command = this_test("crash::publishes_until_it_is_killed");
    command.env(FILE, path).env(NUMBER, number.to_string()).stdout(Stdio::piped()).spawn().unwrap()
}

/// Checks the lines against what was to be told; gives how many there are, and how many of them again. `whole` asks for all.
fn check(text: &str, expected: &BTreeMap<String, Vec<String>>, whole: bool) -> Result<(usize, usize), String> {
    let mut left: BTreeMap<&str, std::slice::Iter<'_, String>> =
        expected.iter().map(|(stream, messages)| (stream.as_str(), messages.iter())).collect();
    let all: BTreeSet<&str> = expected.values().flatten().map(String::as_str).collect();
    let mut seen = BTreeSet::new();
    let (mut count, mut again) = (0, 0);
    for line in text.split_inclusive('\n') {
        let Some(line) = line.strip_suffix('\n') else {
            // The next one cuts off a line that has no end.
            if whole {
                return Err(format!("the last line is torn: {line}"));
            }
            continue;
        };
        count += 1;
        if !all.contains(line) {
            return Err(format!("line {count} is none that was to be told: {line}"));
        }
        if !seen.insert(line) {
            again += 1;
            continue;
        }
        let event: serde_json::Value = serde_json::from_str(line).map_err(|error| format!("line {count}: {error}"))?;
        let stream = event["partitionkey"].as_str().unwrap_or_default();
        if left.get_mut(stream).and_then(Iterator::next).is_none_or(|next| next != line) {
            return Err(format!("line {count} is not the next of {stream}: {line}"));
        }
    }
    match left.values().map(ExactSizeIterator::len).sum::<usize>() {
        lost if lost > 0 && whole => Err(format!("{lost} messages are lost")),
        _ => Ok((count, again)),
    }
}

#[tokio::test]
async fn a_relay_killed_at_any_moment_loses_no_message_and_keeps_the_order_of_each_stream() {
    let (_folder, path) = place();
    let mut random = Random::new();
    let kills = if soak() { 1_000 } else { 100 };
    let store = SqliteStore::open(&path).await.unwrap();
    let mut behind = 0;
    for number in 0..kills {
        let mut child = start(&path, number);
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(output.by_ref().map_while(Result::ok).any(|line| line.ends_with("began")), "the process runs");
        std::thread::sleep(Duration::from_micros(random.below(120_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let waiting =
            store.read(|db| db.query_row("SELECT count(*) FROM outbox WHERE state = 'ready'", (), |row| row.get(0)));
        behind += u32::from(waiting.await.unwrap_or(0_i64) > 0);
        if number % 10 == 9 {
            let text = std::fs::read_to_string(lines_of(&path)).unwrap_or_default();
            check(&text, &expected(&store).await, false).unwrap_or_else(|wrong| panic!("after kill {number}: {wrong}"));
        }
    }
    let lines = JsonLines::file(lines_of(&path));
    Relay::from_start(&store, &store, BankNews, lines).run_to_head().await.unwrap();
    let text = std::fs::read_to_string(lines_of(&path)).unwrap();
    let (count, again) = check(&text, &expected(&store).await, true).unwrap();
    println!("{kills} kills, {behind} with messages to be sent, {count} lines, {again} of them again");
    assert!(behind > 0 && count > 0, "some were killed while they published");
}

#[tokio::test]
async fn the_check_finds_what_a_crash_could_leave() {
    let store = SqliteStore::open_in_memory().await.unwrap();
    let accounts = Repository::<Account, _>::new(&store);
    for by in 1..6 {
        accounts.execute("alice", Increase { by }).await.unwrap();
    }
    let expected = expected(&store).await;
    let lines = &expected["account/alice"];
    let text = |lines: &[&String]| lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
    let whole: Vec<&String> = lines.iter().collect();
    assert_eq!(check(&text(&whole), &expected, true), Ok((6, 0)));
    assert_eq!(check(&text(&[&whole[..2], &whole[1..]].concat()), &expected, true), Ok((7, 1)));
    check(&text(&whole[..5]), &expected, true).unwrap_err();
    check(&text(&whole[..5]), &expected, false).unwrap();
    check(&text(&[&whole[1..2], &whole[..1], &whole[2..]].concat()), &expected, true).unwrap_err();
    let torn = format!("{}{}", &lines[0][..40], text(&whole));
    check(&torn, &expected, true).unwrap_err();
    check(&format!("{}{}", text(&whole), &lines[0][..40]), &expected, true).unwrap_err();
}
