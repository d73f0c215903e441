//! A journal that is copied from file to file, through memory, and by processes that are killed.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use common::{Random, account, event, metadata, place, soak, this_test};
use es_core::{
    Append, CopyError, CopyStep, EventId, ExpectedVersion, Journal, JournalCopy, MemoryStore, NewEvent, PageSize,
    Snapshot, SnapshotStore, StreamAppend, StreamId, Timestamp,
};
use es_sqlite::{Durability, SqliteStore};

const FROM: &str = "ES_COPY_FROM";
const TO: &str = "ES_COPY_TO";

/// Writes events of many streams and kinds, and some snapshots.
async fn fill(store: &SqliteStore, appends: u64) {
    let mut random = Random::new();
    for number in 0..appends {
        let stream =
            StreamId::new(if number % 2 == 0 { "account" } else { "loan" }, &random.below(appends / 5 + 1).to_string());
        let stream = stream.unwrap();
        let mut events: Vec<NewEvent> = (0..=random.below(4))
            .map(|index| event(format!(r#"{{ "number": {number},"index":{index}e0 }}"#)))
            .collect();
        events[0].metadata = Arc::new(metadata());
        if number % 7 == 0 {
            events[0] = NewEvent { format: "bytes".into(), payload: vec![0, 255, 7], version: 3, ..event("") };
        }
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        let part = StreamAppend { stream: stream.clone(), expected: ExpectedVersion::Any, events };
        let appended = store.append(Append { streams: vec![part] }).await.unwrap();
        if number % 11 == 0 {
            let version = *appended.streams[0].versions.as_ref().unwrap().end();
            store.save_snapshot(snapshot(&stream, version, ids[ids.len() - 1])).await.unwrap();
        }
    }
}

fn snapshot(stream: &StreamId, version: u64, event_id: EventId) -> Snapshot {
    let (format, payload) = ("json:00ff".to_owned(), vec![b'1'; 100]);
    Snapshot { stream: stream.clone(), version, event_id, format, taken_at: Timestamp::now(), payload }
}

/// All that there is in the tables of a journal, as text.
async fn tables(store: &SqliteStore) -> Vec<String> {
    let rows = |table: &'static str| {
        store.read(move |db| {
            let mut query = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3"))?;
            let columns = query.column_count();
            let rows = query.query_map((), |row| {
                let values: Result<Vec<_>, _> =
                    (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column)).collect();
                Ok(format!("{table}: {:?}", values?))
            })?;
            rows.collect::<Result<Vec<_>, _>>()
        })
    };
    let mut all = Vec::new();
    for table in ["streams", "kinds", "events", "snapshots"] {
        all.extend(rows(table).await.unwrap());
    }
    all
}

async fn relaxed(path: &Path) -> SqliteStore {
    SqliteStore::builder().durability(Durability::Relaxed).open(path).await.unwrap()
}

#[tokio::test]
async fn a_journal_copied_to_memory_and_back_is_the_same_to_the_byte() {
    let ((_one, from), (_other, to)) = (place(), place());
    let (from, memory, to) = (relaxed(&from).await, MemoryStore::new(), relaxed(&to).await);
    fill(&from, 2_000).await;
    let out = JournalCopy::new(&from, &memory).page_size(PageSize::events(500)).run().await.unwrap();
    let back = JournalCopy::new(&memory, &to).page_size(PageSize { events: 4_096, bytes: 10_000 }).run().await.unwrap();
    assert_eq!((out.events, out.snapshots), (back.events, back.snapshots));
    let (before, after) = (tables(&from).await, tables(&to).await);
    println!("{} events and {} snapshots copied, {} rows compared", out.events, out.snapshots, before.len());
    assert!(out.events > 2_000 && out.snapshots > 100);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    assert_eq!(before.len(), after.len());
    assert_ne!(from.id(), to.id());
}

#[tokio::test]
async fn a_journal_is_copied_while_it_is_written_to() {
    let ((_one, from), (_other, to)) = (place(), place());
    let (from, to) = (relaxed(&from).await, relaxed(&to).await);
    fill(&from, 200).await;
    let writer = {
        let from = from.clone();
        tokio::spawn(async move { fill(&from, 600).await })
    };
    let mut runs = 0;
    while !writer.is_finished() {
        JournalCopy::new(&from, &to).page_size(PageSize::events(50)).run().await.unwrap();
        runs += 1;
    }
    writer.await.unwrap();
    JournalCopy::new(&from, &to).run().await.unwrap();
    JournalCopy::new(&from, &to).verify().await.unwrap();
    println!("{runs} runs beside a writer");
}

#[tokio::test]
async fn a_difference_of_any_kind_is_found() {
    let ((_one, from), (_other, to)) = (place(), place());
    let (from, to_store) = (relaxed(&from).await, relaxed(&to).await);
    fill(&from, 30).await;
    JournalCopy::new(&from, &to_store).run().await.unwrap();
    let db = rusqlite::Connection::open(&to).unwrap();
    db.execute_batch("DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted").unwrap();
    let last = "position = (SELECT max(position) FROM events)";
    let damages = [
        ("time", format!("UPDATE events SET recorded_at = recorded_at + 1 WHERE {last}")),
        ("payload", format!("UPDATE events SET payload = '{{\"number\":29,\"index\":77}}' WHERE {last}")),
        ("metadata", "UPDATE events SET actor = actor || 'x' WHERE actor IS NOT NULL".to_owned()),
        ("metadata", "UPDATE events SET extra = NULL WHERE extra IS NOT NULL".to_owned()),
        (
            "its name",
            format!(
                "INSERT INTO kinds (aggregate, name, version, format) SELECT aggregate, 'other', version, format
                 FROM kinds LIMIT 1; UPDATE events SET kind = (SELECT max(no) FROM kinds) WHERE {last}"
            ),
        ),
        ("the destination holds event", format!("UPDATE events SET id = zeroblob(16) WHERE {last}")),
        ("lacks an event", format!("DELETE FROM events WHERE {last}")),
        ("lacks a snapshot", "UPDATE snapshots SET payload = x'00'".to_owned()),
    ];
    for (expected, damage) in damages {
        db.execute_batch(&damage).unwrap();
        let error = JournalCopy::new(&from, &to_store).verify().await;
        let error = error.map(|same| panic!("after {damage}: {same:?}")).unwrap_err();
        assert!(error.to_string().contains(expected), "{damage}: {error}");
        // Put right by a fresh copy.
        db.execute_batch("DELETE FROM snapshots; DELETE FROM events").unwrap();
        JournalCopy::new(&from, &to_store).run().await.unwrap();
    }
}

#[tokio::test]
async fn someone_else_who_writes_to_the_destination_is_noticed() {
    let ((_one, from), (_other, to)) = (place(), place());
    let (from, to) = (relaxed(&from).await, relaxed(&to).await);
    fill(&from, 100).await;
    let other = std::sync::Mutex::new(Some(rusqlite::Connection::open(common_path(&to).await).unwrap()));
    let copy = JournalCopy::new(&from, &to).page_size(PageSize::events(20)).on_progress(|progress| {
        if progress.step == CopyStep::Copy
            && let Some(db) = other.lock().unwrap().take()
        {
            db.execute_batch(
                "INSERT INTO streams (aggregate, id) VALUES ('other', '1');
                 INSERT INTO kinds (aggregate, name, version, format) VALUES ('other', 'noted', 1, 'json');
                 INSERT INTO events (position, stream, version, kind, recorded_at, id, payload)
                 SELECT (SELECT max(position) + 1 FROM events), (SELECT max(no) FROM streams), 1,
                 (SELECT max(no) FROM kinds), 7, randomblob(16), '1'",
            )
            .unwrap();
        }
    });
    let error = copy.run().await.unwrap_err();
    assert!(matches!(&error, CopyError::OtherEvents { stream, .. } if stream.aggregate() == "other"), "{error}");
}

async fn common_path(store: &SqliteStore) -> String {
    store.read(|db| db.query_row("PRAGMA database_list", (), |row| row.get(2))).await.unwrap()
}

/// The process that is killed.
#[test]
fn copies_until_it_is_killed() {
    let (Ok(from), Ok(to)) = (std::env::var(FROM), std::env::var(TO)) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (from, to) = (SqliteStore::open(from).await.unwrap(), SqliteStore::open(to).await.unwrap());
        JournalCopy::new(&from, &to).page_size(PageSize::events(5)).run().await.unwrap();
    });
}

#[tokio::test]
async fn a_copy_that_is_killed_again_and_again_goes_on_to_the_end() {
    let ((_one, from_path), (_other, to_path)) = (place(), place());
    let (kills, appends) = if soak() { (500, 40_000) } else { (25, 2_000) };
    let from = relaxed(&from_path).await;
    fill(&from, appends).await;
    let mut random = Random::new();
    let (mut killed, mut copied) = (0, 0);
    for _ in 0..kills {
        let mut child = this_test("copies_until_it_is_killed");
        let child = child.env(FROM, &from_path).env(TO, &to_path).stdout(Stdio::null());
        let mut child = child.spawn().unwrap();
        std::thread::sleep(Duration::from_micros(random.below(120_000)));
        let ended = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        assert!(child.wait().unwrap().success() == ended);
        killed += u64::from(!ended);
        let to = SqliteStore::open(&to_path).await.unwrap();
        let there = to.head().await.unwrap().number;
        assert!(there >= copied, "{there} events after {copied}");
        copied = there;
        to.close().await;
    }
    let to = SqliteStore::open(&to_path).await.unwrap();
    let end = JournalCopy::new(&from, &to).run().await.unwrap();
    assert_eq!(tables(&from).await, tables(&to).await);
    println!("{killed} copies killed, which wrote {copied} of {} events", end.events);
    assert!(killed > 0);
}

#[tokio::test]
async fn commands_go_on_in_a_copy() {
    let ((_one, from), (_other, to)) = (place(), place());
    let (from, to) = (relaxed(&from).await, relaxed(&to).await);
    let stream = account("alice");
    common::append(&from, &stream, vec![NewEvent { metadata: Arc::new(metadata()), ..event("1") }]).await;
    JournalCopy::new(&from, &to).run().await.unwrap();
    let id = metadata().command_id.unwrap();
    assert_eq!(to.find_command(&stream, id).await.unwrap(), Some(1..=1));
    let append = common::to(&stream, ExpectedVersion::Exact(1), vec![event("2")]);
    assert_eq!(to.append(append).await.unwrap().position.number, 2);
}
