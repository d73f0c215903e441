//! What is stored and is not what was written: an error that names the position, never skipped, never a panic.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::fs;
use std::sync::Arc;

use common::{Random, account, append, event, events, metadata, payloads, place, to};
use es_core::{
    AppendError, ExpectedVersion, Filter, Journal, JournalError, NewEvent, PageSize, Position, Snapshot, SnapshotStore,
    Timestamp,
};
use es_sqlite::SqliteStore;
use rusqlite::Connection;

/// Seven events in the stream `alice`, of which the third has metadata and a kind of its own, changed by `sql`.
async fn damaged(sql: &str) -> (tempfile::TempDir, SqliteStore) {
    let (folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut events = events(7);
    events[2] = NewEvent { name: "third".into(), metadata: Arc::new(metadata()), ..event("3") };
    append(&store, &account("alice"), events).await;
    let db = Connection::open(&path).unwrap();
    db.execute_batch("DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted").unwrap();
    db.execute_batch(sql).unwrap();
    (folder, store)
}

fn position_of<T: std::fmt::Debug>(result: Result<T, JournalError>) -> Option<Position> {
    match result {
        Err(JournalError::Corrupt { position, .. }) => position,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_damaged_row_is_an_error_that_names_its_position() {
    for damage in [
        "id = x'0102'",
        "id = zeroblob(17)",
        "version = -3",
        "version = 0",
        "kind = 99",
        "kind = -1",
        "kind = 9223372036854775807",
        "recorded_at = 9223372036854775807",
        "actor = CAST(x'ff' AS TEXT)",
        "command_id = x''",
        "correlation_id = x'01'",
        "causation_id = zeroblob(15)",
        "extra = 'x'",
        "extra = '[]'",
        r#"extra = '{"key":1}'"#,
        "payload = 7",
        "payload = 7.5",
    ] {
        let (_folder, store) = damaged(&format!("UPDATE events SET {damage} WHERE position = 3")).await;
        let all = store.read_all(Position::START, &Filter::all(), PageSize::default()).await;
        assert_eq!(position_of(all), Some(Position::new(3)), "{damage}");
        let before = store.read_all(Position::START, &Filter::all(), PageSize::events(2)).await;
        // A page that is full looks at the next event, and not into it.
        assert!(before.is_err() || before.unwrap().len() == 2, "{damage}");
        let stream = store.read_stream(&account("alice"), 1..=u64::MAX, PageSize::default()).await;
        let position = position_of(stream).unwrap();
        // An event that is not at its version is missed by the one after it, or found before the first.
        assert!(position == Position::new(3) || position == Position::new(4), "{damage}: {position}");
        let after = store.read_all(Position::new(3), &Filter::all(), PageSize::default()).await.unwrap();
        assert_eq!(after.len(), 4, "{damage}");
    }
}

#[tokio::test]
async fn names_that_are_gone_are_an_error_where_an_event_has_them() {
    for damage in [
        "DELETE FROM kinds WHERE name = 'third'",
        "UPDATE kinds SET version = 0 WHERE name = 'third'",
        "UPDATE kinds SET version = 5000000000 WHERE name = 'third'",
        "INSERT INTO streams VALUES (7, '', ''); UPDATE events SET stream = 7 WHERE position = 3",
        "UPDATE events SET stream = 8 WHERE position = 3",
    ] {
        let (_folder, store) = damaged(damage).await;
        let all = store.read_all(Position::START, &Filter::all(), PageSize::default()).await;
        assert_eq!(position_of(all), Some(Position::new(3)), "{damage}");
        let filter = Filter::none().event("account", "noted");
        let filtered = store.read_all(Position::START, &filter, PageSize::default()).await;
        assert!(filtered.is_err() || damage.contains("stream"), "{damage}");
        assert!(store.read_stream(&account("alice"), 1..=u64::MAX, PageSize::default()).await.is_err(), "{damage}");
    }
}

#[tokio::test]
async fn a_version_that_is_gone_is_an_error() {
    let (_folder, store) = damaged("DELETE FROM events WHERE position IN (3, 4)").await;
    let stream = store.read_stream(&account("alice"), 1..=u64::MAX, PageSize::default()).await;
    assert_eq!(position_of(stream), Some(Position::new(5)));
    let stream = store.read_stream(&account("alice"), 4..=u64::MAX, PageSize::default()).await;
    assert_eq!(position_of(stream), Some(Position::new(5)));
    assert!(store.version_at(&account("alice"), Timestamp::MAX).await.is_err());
}

#[tokio::test]
async fn what_is_sound_is_read_beside_a_last_event_that_is_damaged() {
    for damage in ["recorded_at = 9223372036854775807", "version = -version"] {
        let (_folder, store) = damaged(&format!("UPDATE events SET {damage} WHERE position = 7")).await;
        // By its caller, where that may be.
        for _ in 0..20 {
            let page = store.read_stream(&account("alice"), 2..=4, PageSize::default()).await.unwrap();
            assert_eq!(page.len(), 3, "{damage}");
        }
    }
    let (_folder, store) = damaged("UPDATE events SET recorded_at = 9223372036854775807 WHERE position = 7").await;
    let all = store.read_stream(&account("alice"), 1..=10, PageSize::default()).await;
    assert_eq!(position_of(all), Some(Position::new(7)));
}

#[tokio::test]
async fn an_event_before_the_first_position_is_an_error() {
    let (_folder, store) = damaged("UPDATE events SET position = -5 WHERE position = 3").await;
    let all = store.read_all(Position::START, &Filter::all(), PageSize::default()).await;
    assert_eq!(position_of(all), None);
}

#[tokio::test]
async fn a_stream_whose_end_is_damaged_takes_no_events_and_others_do() {
    let (_folder, store) = damaged("UPDATE events SET version = -version").await;
    let append_to = |id: &str| store.append(to(&account(id), ExpectedVersion::Any, events(1)));
    let (damaged, sound) = tokio::join!(append_to("alice"), append_to("bob"));
    let error = damaged.unwrap_err();
    assert!(matches!(error, AppendError::Journal(JournalError::Corrupt { .. })), "{error}");
    sound.unwrap();
}

#[tokio::test]
async fn a_damaged_snapshot_is_an_error() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let snapshot = Snapshot {
        stream: account("alice"),
        version: 1,
        event_id: events(1)[0].id,
        format: "json".to_owned(),
        taken_at: Timestamp::UNIX_EPOCH,
        payload: b"{}".to_vec(),
    };
    store.save_snapshot(snapshot).await.unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute("UPDATE snapshots SET event_id = x'01'", ()).unwrap();
    let error = store.load_snapshot(&account("alice"), 5, "json").await.unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
}

/// Whatever is overwritten, reading ends, without a panic, in what was written or in an error.
#[tokio::test]
async fn overwritten_bytes_of_the_file_never_make_a_panic() {
    let mut random = Random::new();
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let payload = format!("\"{}\"", "x".repeat(300));
    for id in 0..20 {
        append(&store, &account(&id.to_string()), (0..50).map(|_| event(payload.as_str())).collect()).await;
    }
    store.close().await;
    let sound = fs::read(&path).unwrap();
    let (mut opened, mut errors) = (0, 0);
    for _ in 0..100 {
        let mut bytes = sound.clone();
        for _ in 0..=random.below(20) {
            let at = 100 + usize::try_from(random.below(bytes.len() as u64 - 200)).unwrap();
            let end = at + usize::try_from(random.below(64)).unwrap();
            bytes[at..end].fill_with(|| random.next().to_le_bytes()[0]);
        }
        fs::write(&path, &bytes).unwrap();
        let Ok(store) = SqliteStore::open(&path).await else { continue };
        opened += 1;
        let mut after = Position::START;
        loop {
            match store.read_all(after, &Filter::all(), PageSize::default()).await {
                Ok(page) if page.more() => after = page.next(),
                Ok(_) => break,
                Err(_) => {
                    errors += 1;
                    break;
                }
            }
        }
        for id in 0..20 {
            let _ = store.read_stream(&account(&id.to_string()), 1..=u64::MAX, PageSize::default()).await;
        }
        let _ = store.append(to(&account("1"), ExpectedVersion::Any, events(1))).await;
        store.close().await;
    }
    println!("100 files, {opened} opened, {errors} with an error in the journal");
    assert!(opened > 10 && errors > 10);
}

#[tokio::test]
async fn what_is_sound_is_read() {
    let (_folder, store) = damaged("SELECT 1").await;
    assert_eq!(payloads(&store, &account("alice")).await.unwrap().len(), 7);
}
