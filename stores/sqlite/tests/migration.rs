//! Files of older versions of the schema are opened, and hold what they held.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::{Random, account, check_ids, count, event, place, soak, this_test, to};
use es_core::{AppendError, CommandId, EventId, ExpectedVersion, Journal, JournalError, NewEvent, ReadStore};
use es_sqlite::SqliteStore;
use rusqlite::Connection;

/// How each version is made of the one before it, up to the last one that looked up ids in indexes.
const OLDER: [&str; 5] = [
    include_str!("../src/schema/1.sql"),
    include_str!("../src/schema/2.sql"),
    include_str!("../src/schema/3.sql"),
    include_str!("../src/schema/4.sql"),
    include_str!("../src/schema/5.sql"),
];

/// A journal of version 5 with some events of `alice`, each with an id of its own and every third with that of a command.
fn older(path: &Path, events: u32) -> Vec<(EventId, Option<CommandId>)> {
    let mut db = Connection::open(path).unwrap();
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    let transaction = db.transaction().unwrap();
    for version in OLDER {
        transaction.execute_batch(version).unwrap();
    }
    transaction
        .execute_batch(
            "PRAGMA application_id = 0x65734a31; PRAGMA user_version = 5;
             INSERT INTO meta VALUES ('journal', '01234567-89ab-7def-8123-456789abcdef');
             INSERT INTO streams VALUES (1, 'account', 'alice');
             INSERT INTO kinds VALUES (1, 'account', 'noted', 1, 'json')",
        )
        .unwrap();
    let ids = write(&transaction, 1..=events);
    transaction.commit().unwrap();
    ids
}

/// Appends to `alice` as an older program does, which knows nothing of ids in a table of their own.
fn write(db: &Connection, versions: RangeInclusive<u32>) -> Vec<(EventId, Option<CommandId>)> {
    let mut ids = Vec::new();
    for number in versions {
        let (id, command) = (EventId::new(), (number % 3 == 0).then(CommandId::new));
        let row = (number, id.as_bytes().as_slice(), command.as_ref().map(|id| id.as_bytes().as_slice()));
        let sql = "INSERT INTO events (position, stream, version, kind, recorded_at, id, command_id, payload) \
                   VALUES (?1, 1, ?1, 1, 7, ?2, ?3, '1')";
        db.prepare_cached(sql).unwrap().execute(row).unwrap();
        ids.push((id, command));
    }
    ids
}

/// Checks that each event is there once, and that each is found by its ids.
async fn check(path: &Path, ids: &[(EventId, Option<CommandId>)]) {
    let store = SqliteStore::open(path).await.unwrap();
    assert_eq!(count(&store).await.unwrap(), ids.len());
    for ((id, command), version) in ids.iter().zip(1..) {
        let again = NewEvent { id: *id, ..event("1") };
        let appended = store.append(to(&account("alice"), ExpectedVersion::Any, vec![again.clone()])).await.unwrap();
        assert!(appended.repeated && appended.position.number == version);
        let error = store.append(to(&account("bob"), ExpectedVersion::Any, vec![again])).await.unwrap_err();
        assert!(matches!(error, AppendError::DuplicateEvent { .. }), "{error}");
        if let Some(command) = command {
            let found = store.find_command(&account("alice"), *command).await.unwrap();
            assert_eq!(found, Some(version..=version));
        }
    }
    store.close().await;
    check_ids(&Connection::open(path).unwrap());
}

fn schema(path: &Path) -> Vec<(String, Option<String>)> {
    let db = Connection::open(path).unwrap();
    let mut query = db.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
    let rows = query.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn an_older_file_holds_what_it_held_and_is_like_a_new_one() {
    let (_new, new) = place();
    SqliteStore::open(&new).await.unwrap().close().await;
    // None, a part of a block, whole blocks, and whole ones with a part.
    for events in [0, 1, 63, 64, 65, 128, 200] {
        let (_folder, path) = place();
        let mut ids = older(&path, events);
        check(&path, &ids).await;
        assert_eq!(schema(&path), schema(&new));
        // And goes on from there.
        let store = SqliteStore::open(&path).await.unwrap();
        for _ in 0..70 {
            let event = event("1");
            ids.push((event.id, None));
            store.append(to(&account("alice"), ExpectedVersion::Any, vec![event])).await.unwrap();
        }
        store.close().await;
        check(&path, &ids).await;
    }
}

#[tokio::test]
async fn what_an_older_program_appends_after_the_migration_is_found_by_its_ids_too() {
    for events in [1, 63, 64, 130, 300] {
        let (_folder, path) = place();
        let mut ids = older(&path, 70);
        let store = SqliteStore::open(&path).await.unwrap();
        // It has had the file open all the time.
        let older = Connection::open(&path).unwrap();
        let mut last = 70;
        for _ in 0..2 {
            ids.extend(write(&older, last + 1..=last + events));
            last += events + 1;
            let (id, command) = ids[usize::try_from(last).unwrap() - 2];
            let again = NewEvent { id, ..event("1") };
            let appended = store.append(to(&account("alice"), ExpectedVersion::Any, vec![again])).await.unwrap();
            assert!(appended.repeated, "{events}");
            let event = event("1");
            ids.push((event.id, None));
            store.append(to(&account("alice"), ExpectedVersion::Any, vec![event])).await.unwrap();
            if let Some(command) = command {
                assert!(store.find_command(&account("alice"), command).await.unwrap().is_some(), "{events}");
            }
        }
        store.close().await;
        // And some before the next program is opened, which looks for commands before it appends.
        ids.extend(write(&older, last + 1..=last + events));
        let store = SqliteStore::open(&path).await.unwrap();
        for ((_, command), version) in ids.iter().zip(1..) {
            let Some(command) = command else { continue };
            let found = store.find_command(&account("alice"), *command).await.unwrap();
            assert_eq!(found, Some(version..=version), "{events}");
        }
        store.close().await;
        check(&path, &ids).await;
    }
}

#[tokio::test]
async fn a_program_writes_nothing_to_a_file_that_a_newer_one_has_migrated() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let append = || store.append(to(&account("alice"), ExpectedVersion::Any, vec![event("1")]));
    append().await.unwrap();
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 1_000).unwrap();
    for _ in 0..3 {
        let error = append().await.unwrap_err();
        assert!(matches!(&error, AppendError::Journal(JournalError::Failed { .. })), "{error:?}");
        assert!(error.to_string().contains("to version 1000 of the schema"), "{error}");
        let error = store.lease("balances").await.unwrap_err();
        assert!(error.to_string().contains("to version 1000 of the schema"), "{error}");
    }
    assert_eq!(count(&store).await.unwrap(), 1);
}

const FILE: &str = "ES_FILE";

/// The process that is killed.
#[tokio::test]
async fn opens_until_it_is_killed() {
    let Ok(path) = std::env::var(FILE) else { return };
    SqliteStore::open(path).await.unwrap();
}

#[tokio::test]
async fn a_file_is_of_one_version_or_the_other_however_often_its_opening_is_killed() {
    let (_folder, path) = place();
    let ids = older(&path, 3_000);
    let (_other, copy) = place();
    let mut random = Random::new();
    let mut killed_before = 0;
    for _ in 0..if soak() { 500 } else { 15 } {
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", copy.display()));
        }
        std::fs::copy(&path, &copy).unwrap();
        let mut child = this_test("opens_until_it_is_killed");
        let mut child = child.env(FILE, &copy).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(random.below(30_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let db = Connection::open(&copy).unwrap();
        let version: i64 = db.query_row("PRAGMA user_version", (), |row| row.get(0)).unwrap();
        let indexes: i64 = db
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE name IN ('events_by_id', 'events_by_command')",
                (),
                |row| row.get(0),
            )
            .unwrap();
        assert!((version, indexes) == (5, 2) || (version, indexes) == (6, 0), "version {version}, {indexes} indexes");
        killed_before += u32::from(version == 5);
        drop(db);
        SqliteStore::open(&copy).await.unwrap().close().await;
        check_ids(&Connection::open(&copy).unwrap());
    }
    println!("{killed_before} killed before the end");
    check(&copy, &ids).await;
}
