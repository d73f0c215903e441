//! A process that appends is killed at random moments: what it was told is written is there, and nothing is half there.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use common::{Random, event, place, soak, this_test};
use es_core::{Append, ExpectedVersion, Filter, Journal, NewEvent, PageSize, Position, StreamAppend, StreamId};
use es_sqlite::SqliteStore;

const FILE: &str = "ES_CRASH_FILE";
const NAME: &str = "ES_CRASH_NAME";
const WRITERS: u64 = 4;
const STREAMS: u64 = 5;

fn stream(number: u64) -> StreamId {
    StreamId::new("account", &number.to_string()).unwrap()
}

/// The payload of event `index` of an append: it says which others there must be.
fn payload(token: &str, index: usize, count: usize) -> String {
    let filler = "x".repeat(token.bytes().map(usize::from).sum::<usize>() * (index + 1) % 400);
    format!(r#"{{"token":"{token}","index":{index},"count":{count},"filler":"{filler}"}}"#)
}

fn append_of(token: &str, random: &mut Random, own: u64) -> Append {
    let count = 1 + usize::try_from(random.below(5)).unwrap();
    let mut events: Vec<NewEvent> = (0..count).map(|index| event(payload(token, index, count))).collect();
    let second = events.split_off(1 + usize::try_from(random.below(count as u64)).unwrap());
    let part = |stream, events| StreamAppend { stream, expected: ExpectedVersion::Any, events };
    let mut streams = vec![part(stream(own), events)];
    if !second.is_empty() {
        streams.push(part(stream((own + 1 + random.below(STREAMS - 1)) % STREAMS), second));
    }
    Append { streams }
}

/// The process that is killed: appends for ever, and prints each position that it was told.
#[test]
fn appends_until_it_is_killed() {
    let (Ok(path), Ok(name)) = (std::env::var(FILE), std::env::var(NAME)) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(path).await.unwrap();
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let (store, name) = (store.clone(), name.clone());
            writers.spawn(async move {
                let mut random = Random::seeded(name.bytes().map(u64::from).sum::<u64>() * WRITERS + writer);
                for number in 0_u64.. {
                    let token = format!("{name}-{writer}-{number}");
                    let appended = store.append(append_of(&token, &mut random, writer)).await.unwrap();
                    let line = format!("acknowledged {token} {}\n", appended.position);
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
        writers.join_all().await;
    });
}

/// What the journal was found to hold so far.
#[derive(Default)]
struct Checked {
    head: Position,
    versions: HashMap<StreamId, u64>,
    /// By token: the position of its last event.
    appends: HashMap<String, Position>,
    events: u64,
}

impl Checked {
    /// Reads what is new in the journal and checks it against what was acknowledged.
    async fn check(&mut self, store: &SqliteStore, acknowledged: &BTreeMap<String, Position>) -> Result<(), String> {
        let mut parts: HashMap<String, Vec<(usize, usize, Position)>> = HashMap::new();
        loop {
            let page =
                store.read_all(self.head, &Filter::all(), PageSize::default()).await.map_err(|e| e.to_string())?;
            for found in &page {
                let version = self.versions.entry(found.stream.clone()).or_default();
                *version += 1;
                if found.version != *version {
                    return Err(format!("`{}` has version {} and should have {version}", found.stream, found.version));
                }
                let text = String::from_utf8_lossy(found.payload.bytes);
                let json: serde_json::Value = serde_json::from_slice(found.payload.bytes).map_err(|e| e.to_string())?;
                let number = |key: &str| usize::try_from(json[key].as_u64().unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
                let (token, index, count) =
                    (json["token"].as_str().unwrap_or("none"), number("index"), number("count"));
                if count > 5 || index >= count || text != payload(token, index, count) {
                    return Err(format!("the payload at {} is not the one that was appended: {text}", found.position));
                }
                parts.entry(token.to_owned()).or_default().push((index, count, found.position));
                self.events += 1;
            }
            self.head = page.next();
            if !page.more() {
                break;
            }
        }
        for (token, parts) in parts {
            let count = parts[0].1;
            let whole = parts.iter().map(|part| part.0).eq(0..count);
            let contiguous = parts.is_sorted_by(|one, next| one.2.number + 1 == next.2.number);
            if !whole || !contiguous {
                return Err(format!("append {token} is half there: {parts:?}"));
            }
            let last = parts[count - 1].2;
            if self.appends.insert(token.clone(), last).is_some() {
                return Err(format!("append {token} is there twice"));
            }
        }
        for (token, position) in acknowledged {
            if self.appends.get(token) != Some(position) {
                let found = self.appends.get(token);
                return Err(format!("append {token} was acknowledged at {position} and is at {found:?}"));
            }
        }
        let sound: String = store
            .read(|db| db.query_row("PRAGMA integrity_check", (), |row| row.get(0)))
            .await
            .map_err(|error| error.to_string())?;
        if sound == "ok" { Ok(()) } else { Err(sound) }
    }
}

fn start(path: &Path, name: &str) -> Child {
    let mut command = this_test("appends_until_it_is_killed");
    command.env(FILE, path).env(NAME, name).stdout(Stdio::piped()).spawn().unwrap()
}

/// Kills the process after `delay`, and gives what it had said by then.
fn kill(mut child: Child, delay: Duration, from_its_start: bool) -> BTreeMap<String, Position> {
    let output = BufReader::new(child.stdout.take().unwrap());
    let (began, begins) = std::sync::mpsc::channel();
    let listener = std::thread::spawn(move || {
        let mut acknowledged = BTreeMap::new();
        for line in output.split(b'\n').map_while(Result::ok) {
            // A line is written at once and shorter than a pipe keeps together, so none is cut off.
            let line = String::from_utf8(line).unwrap();
            let mut words = line.split(' ');
            if words.next() != Some("acknowledged") {
                continue;
            }
            let _ = began.send(());
            if let (Some(token), Some(position)) = (words.next(), words.next()) {
                acknowledged.insert(token.to_owned(), Position::new(position.parse().unwrap()));
            }
        }
        acknowledged
    });
    if !from_its_start {
        begins.recv_timeout(Duration::from_mins(1)).expect("the process appends");
    }
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
    listener.join().unwrap()
}

#[tokio::test]
async fn a_process_killed_while_it_appends_loses_nothing_and_leaves_nothing_half_there() {
    let (_folder, path) = place();
    let mut random = Random::new();
    let kills = if soak() { 1_000 } else { 100 };
    let mut checked = Checked::default();
    let mut all = BTreeMap::new();
    for number in 0..kills {
        // Every other time this process has the file open too, so that the other's end is not that of the last user.
        let beside = if number % 2 == 0 { None } else { Some(SqliteStore::open(&path).await.unwrap()) };
        // Every tenth is killed while it starts, opens, or recovers what the one before it has left.
        let from_its_start = number % 10 == 9;
        let delay = Duration::from_micros(random.below(if from_its_start { 60_000 } else { 100_000 }));
        let child = start(&path, &format!("{number}"));
        let acknowledged = kill(child, delay, from_its_start);
        let store = match beside {
            Some(store) => store,
            None => SqliteStore::open(&path).await.unwrap(),
        };
        if let Err(wrong) = checked.check(&store, &acknowledged).await {
            panic!("after kill {number}: {wrong}");
        }
        store.close().await;
        all.extend(acknowledged);
    }
    let store = SqliteStore::open(&path).await.unwrap();
    let mut again = Checked::default();
    again.check(&store, &all).await.unwrap();
    let unheard = again.appends.len() - all.len();
    println!(
        "{kills} kills, {} appends acknowledged, {unheard} more written and not heard of, {} events",
        all.len(),
        again.events
    );
    assert!(all.len() > kills, "the processes did append");
}

#[tokio::test]
async fn the_check_finds_what_a_crash_could_leave() {
    let damages = [
        ("half there", "DELETE FROM events WHERE position = (SELECT max(position) FROM events)"),
        ("acknowledged", "DELETE FROM events WHERE position > (SELECT max(position) - 2 FROM events)"),
        ("should have", "UPDATE events SET version = version + 1 WHERE position = (SELECT max(position) FROM events)"),
        ("not the one", "UPDATE events SET payload = payload || ' ' WHERE position = 1"),
    ];
    for (expected, damage) in damages {
        let (_folder, path) = place();
        let store = SqliteStore::open(&path).await.unwrap();
        let mut acknowledged = BTreeMap::new();
        for token in ["one", "two"] {
            let events = (0..2).map(|index| event(payload(token, index, 2))).collect();
            let appended = common::append(&store, &stream(1), events).await;
            acknowledged.insert(token.to_owned(), appended.position);
        }
        Checked::default().check(&store, &acknowledged).await.unwrap();
        let db = rusqlite::Connection::open(&path).unwrap();
        db.execute_batch("DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted").unwrap();
        db.execute_batch(damage).unwrap();
        let found = Checked::default().check(&store, &acknowledged).await.unwrap_err();
        assert!(found.contains(expected), "{damage}: {found}");
    }
}
