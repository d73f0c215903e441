//! A backup that is put into the file while a program has it open.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::path::Path;
use std::time::Duration;

use common::{account, event, place};
use es_core::{
    Append, EventId, ExpectedVersion, Filter, Journal, ListSnapshots, NewEvent, PageSize, Position, Snapshot,
    SnapshotStore, StreamId, Timestamp,
};
use es_sqlite::SqliteStore;
use rusqlite::Connection;
use rusqlite::backup::Backup;

fn restore(backup: &Path, path: &Path) {
    let (from, mut into) = (Connection::open(backup).unwrap(), Connection::open(path).unwrap());
    Backup::new(&from, &mut into).unwrap().run_to_completion(1_000, Duration::ZERO, None).unwrap();
}

/// Appends an event of a kind of its own, and saves a snapshot.
async fn note(store: &SqliteStore, stream: &StreamId, name: &'static str) {
    let event = NewEvent { name: name.into(), ..event("1") };
    store.append(Append::to_stream(stream.clone(), ExpectedVersion::Any, vec![event])).await.unwrap();
    let snapshot = Snapshot {
        stream: stream.clone(),
        version: 1,
        event_id: EventId::new(),
        format: "json".to_owned(),
        taken_at: Timestamp::UNIX_EPOCH,
        payload: b"1".to_vec(),
    };
    store.save_snapshot(snapshot).await.unwrap();
}

/// Which streams and kinds of events there are, to each way of reading.
async fn shown(store: &SqliteStore, streams: &[StreamId]) -> Vec<String> {
    let mut shown = Vec::new();
    let page = store.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap();
    shown.extend(page.iter().map(|event| format!("{} {}", event.stream, event.name)));
    for stream in streams {
        let page = store.read_stream(stream, 1..=1, PageSize::default()).await.unwrap();
        shown.extend(page.iter().map(|event| format!("{} {}", event.stream, event.name)));
        let page = store.read_payloads(stream, 1..=1, PageSize::default()).await.unwrap();
        shown.extend(page.iter().map(|event| format!("{} {}", event.stream, event.name)));
    }
    let snapshots = store.list_snapshots(None, PageSize::default()).await.unwrap();
    shown.extend(snapshots.iter().map(|snapshot| snapshot.stream.to_string()));
    shown
}

#[tokio::test]
async fn what_is_read_after_a_restore_is_what_is_there() {
    let (folder, path) = place();
    let backup = folder.path().join("backup.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(account);
    note(&store, &alice, "opened").await;
    Connection::open(&path).unwrap().execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
    note(&store, &bob, "closed").await;
    // Each reader has a turn.
    for _ in 0..100 {
        shown(&store, &[alice.clone(), bob.clone()]).await;
    }
    restore(&backup, &path);
    // What comes now has the numbers that bob and what he did had.
    note(&store, &carol, "renamed").await;
    let stored = SqliteStore::open(&path).await.unwrap();
    let expected = shown(&stored, &[alice.clone(), carol.clone()]).await;
    assert_eq!(expected.len(), 8);
    for _ in 0..100 {
        assert_eq!(shown(&store, &[alice.clone(), carol.clone()]).await, expected);
    }
}

#[tokio::test]
async fn a_way_of_reading_that_is_new_after_a_restore_gives_what_is_there_too() {
    let (folder, path) = place();
    let backup = folder.path().join("backup.db");
    let store = SqliteStore::builder().readers(1).open(&path).await.unwrap();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(account);
    note(&store, &alice, "opened").await;
    Connection::open(&path).unwrap().execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
    note(&store, &bob, "closed").await;
    store.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap();
    restore(&backup, &path);
    note(&store, &carol, "renamed").await;
    let page = store.read_payloads(&carol, 1..=1, PageSize::default()).await.unwrap();
    assert_eq!(page.iter().map(|event| event.name.to_owned()).collect::<Vec<_>>(), ["renamed"]);
}
