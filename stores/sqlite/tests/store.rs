//! The store as a program uses it: opened, shared, closed.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use common::{account, append, count, event, events, metadata, payloads, place, to};
use es_core::{
    AppendError, Clock, ExpectedVersion, Filter, Journal, JournalError, NewEvent, PageSize, Position, Snapshot,
    SnapshotStore, Timestamp,
};
use es_sqlite::{Durability, SqliteStore};

#[tokio::test]
async fn a_journal_that_is_opened_again_is_the_same_one() {
    let (_folder, path) = place();
    let alice = account("alice");
    let store = SqliteStore::open(&path).await.unwrap();
    let id = store.id();
    append(&store, &alice, events(3)).await;
    store.close().await;

    let store = SqliteStore::builder().durability(Durability::Relaxed).create(false).open(&path).await.unwrap();
    assert_eq!(store.id(), id);
    assert_eq!(payloads(&store, &alice).await.unwrap(), ["1", "2", "3"]);
    assert_ne!(SqliteStore::open_in_memory().await.unwrap().id(), id);
}

#[tokio::test]
async fn a_closed_journal_is_one_file() {
    let (folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    append(&store, &account("alice"), events(3)).await;
    store.close().await;
    let files: Vec<_> = folder.path().read_dir().unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["journal.db"]);
}

#[tokio::test]
async fn two_programs_append_to_one_file_in_turn() {
    let (_folder, path) = place();
    let stores = [SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap()];
    assert_eq!(stores[0].id(), stores[1].id());
    for version in 0..20 {
        let store = &stores[usize::try_from(version).unwrap() % 2];
        for id in ["alice", "bob"] {
            // Each has written last what the other one knows the end of.
            let wrong = to(&account(id), ExpectedVersion::Exact(version + 1), events(1));
            assert!(
                matches!(store.append(wrong).await, Err(AppendError::Conflict { actual, .. }) if actual == version)
            );
            let right = to(&account(id), ExpectedVersion::Exact(version), vec![event(version.to_string())]);
            let appended = store.append(right).await.unwrap();
            assert_eq!(appended.streams[0].versions, Some(version + 1..=version + 1));
        }
    }
    for store in &stores {
        assert_eq!(count(store).await.unwrap(), 40);
    }
}

#[tokio::test]
async fn each_append_of_a_batch_has_its_own_answer() {
    let store = SqliteStore::open_in_memory().await.unwrap();
    let there = events(2);
    append(&store, &account("there"), there.clone()).await;
    // They are queued before the writer takes the first of them, or join it while it writes.
    let mut answers = tokio::task::JoinSet::new();
    for number in 0..100 {
        let (store, there) = (store.clone(), there.clone());
        answers.spawn(async move {
            let stream = account(&format!("{number}"));
            let answer = match number % 5 {
                0 => store.append(to(&stream, ExpectedVersion::Exact(7), events(1))).await,
                1 => store.append(to(&stream, ExpectedVersion::Any, there)).await,
                2 => store.append(to(&account("there"), ExpectedVersion::NoStream, there)).await,
                _ => store.append(to(&stream, ExpectedVersion::NoStream, events(3))).await,
            };
            (number, answer)
        });
    }
    for (number, answer) in answers.join_all().await {
        match (number % 5, answer) {
            (0, Err(AppendError::Conflict { actual: 0, .. })) | (1, Err(AppendError::DuplicateEvent { .. })) => {}
            (2, Ok(appended)) => assert!(appended.repeated),
            (3 | 4, Ok(appended)) => assert_eq!(appended.streams[0].versions, Some(1..=3)),
            (_, answer) => panic!("append {number}: {answer:?}"),
        }
    }
    assert_eq!(count(&store).await.unwrap(), 2 + 40 * 3);
}

#[tokio::test]
async fn closing_does_what_was_asked_for_before_and_nothing_after() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut appends: Vec<_> =
        (0..50).map(|_| Box::pin(store.append(to(&account("alice"), ExpectedVersion::Any, events(2))))).collect();
    for append in &mut appends {
        assert!(poll_once(append.as_mut()).is_none_or(|answer| answer.is_ok()));
    }
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.wait(Position::new(1_000)).await }
    });
    store.close().await;
    for append in appends {
        append.await.unwrap();
    }
    assert!(matches!(waiting.await.unwrap(), Err(JournalError::Closed { .. })));
    let late = store.append(to(&account("alice"), ExpectedVersion::Any, events(1))).await;
    assert!(matches!(late, Err(AppendError::Journal(JournalError::Closed { .. }))));
    assert!(matches!(store.head().await, Err(JournalError::Closed { .. })));
    assert!(matches!(store.wait(Position::START).await, Err(JournalError::Closed { .. })));
    assert!(matches!(store.save_snapshot(snapshot()).await, Err(JournalError::Closed { .. })));
    store.close().await;

    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(count(&store).await.unwrap(), 100);
}

fn snapshot() -> Snapshot {
    Snapshot {
        stream: account("alice"),
        version: 1,
        event_id: events(1)[0].id,
        format: "json".to_owned(),
        taken_at: Timestamp::UNIX_EPOCH,
        payload: b"{}".to_vec(),
    }
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn appends_whose_futures_are_dropped_are_written_as_a_whole_or_not_at_all() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    for polls in 0..64 {
        let mut append = Box::pin(store.append(to(&account(&polls.to_string()), ExpectedVersion::Any, events(3))));
        for _ in 0..polls % 4 {
            if poll_once(append.as_mut()).is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(append);
    }
    store.close().await;
    let store = SqliteStore::open(&path).await.unwrap();
    let mut written = 0;
    for polls in 0..64 {
        match payloads(&store, &account(&polls.to_string())).await.unwrap().len() {
            0 => {}
            3 => written += 1,
            other => panic!("{other} of 3 events"),
        }
    }
    println!("{written} of 64 dropped appends written");
    assert!(written >= 48, "what was polled once is in the queue");
}

/// The smallest executor there is.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn no_particular_executor_is_needed() {
    let (_folder, path) = place();
    block_on(async {
        let store = SqliteStore::open(&path).await.unwrap();
        append(&store, &account("alice"), events(2)).await;
        assert_eq!(store.wait(Position::START).await.unwrap(), Position::new(2));
        assert_eq!(payloads(&store, &account("alice")).await.unwrap(), ["1", "2"]);
        store.save_snapshot(snapshot()).await.unwrap();
        assert_eq!(store.load_snapshot(&account("alice"), 9, "json").await.unwrap().unwrap().version, 1);
        store.close().await;
    });
}

#[derive(Debug, Default)]
struct PanicsOnce(AtomicBool);

impl Clock for PanicsOnce {
    fn now(&self) -> Timestamp {
        assert!(self.0.load(Ordering::SeqCst), "the clock is broken");
        Timestamp::UNIX_EPOCH
    }
}

#[tokio::test]
async fn the_writer_survives_a_clock_that_panics() {
    let clock = Arc::new(PanicsOnce::default());
    let store = SqliteStore::builder().clock(clock.clone()).open_in_memory().await.unwrap();
    let error = store.append(to(&account("alice"), ExpectedVersion::Any, events(2))).await.unwrap_err();
    assert!(error.to_string().contains("the clock is broken"), "{error}");
    clock.0.store(true, Ordering::SeqCst);
    append(&store, &account("alice"), events(2)).await;
    assert_eq!(count(&store).await.unwrap(), 2);
}

#[tokio::test]
async fn queries_of_the_users_own_can_read_and_not_write() {
    let (_folder, path) = place();
    for store in [SqliteStore::open(&path).await.unwrap(), SqliteStore::open_in_memory().await.unwrap()] {
        append(&store, &account("alice"), events(3)).await;
        let last = |db: &rusqlite::Connection| {
            db.query_row("SELECT max(payload) FROM journal", (), |row| row.get::<_, String>(0))
        };
        assert_eq!(store.read(last).await.unwrap(), "3");
        let error = store.read(|db| db.execute("DELETE FROM streams", ())).await.unwrap_err();
        assert!(matches!(error, JournalError::ReadOnly { .. }), "{error}");
        let error = store.read(|db| db.execute("SELEKT", ())).await.unwrap_err();
        assert!(matches!(error, JournalError::Failed { .. }), "{error}");

        let panicking = tokio::spawn({
            let store = store.clone();
            async move { store.read(|_| -> rusqlite::Result<()> { panic!("in the query") }).await }
        });
        assert!(panicking.await.unwrap_err().is_panic());
        // A transaction that was begun and not ended does not stay.
        for _ in 0..8 {
            store.read(|db| db.execute_batch("BEGIN; SELECT * FROM events")).await.unwrap();
        }
        append(&store, &account("alice"), events(1)).await;
        assert_eq!(store.read(last).await.unwrap(), "3");
    }
}

#[tokio::test]
async fn a_person_reads_the_journal_in_its_view() {
    let (_folder, path) = place();
    let clock = Arc::new(es_core::ManualClock::at("2026-11-23T18:00:00.000042Z".parse().unwrap()));
    let store = SqliteStore::builder().clock(clock.clone()).open(&path).await.unwrap();
    let deposited = NewEvent {
        id: "0197f3a2-0000-7000-8000-000000000001".parse().unwrap(),
        name: "deposited".into(),
        version: 3,
        metadata: Arc::new(metadata()),
        ..event(r#"{"amount":100}"#)
    };
    append(&store, &account("alice's"), vec![deposited]).await;
    clock.set("1969-12-31T23:59:59.999999Z".parse().unwrap());
    append(&store, &account("bob"), vec![NewEvent { format: "binary".into(), ..event([0xff, 0]) }]).await;

    let db = rusqlite::Connection::open(&path).unwrap();
    let row = |position: i64| {
        let sql = "SELECT position, recorded_at, aggregate, stream, version, event, event_version, \
                   payload, actor, command_id, correlation_id, causation_id, extra, id \
                   FROM journal WHERE position = ?1";
        db.query_row(sql, [position], |row| {
            (0..14).map(|index| row.get::<_, rusqlite::types::Value>(index)).collect::<Result<Vec<_>, _>>()
        })
        .unwrap()
    };
    let text = |text: &str| text.to_owned().into();
    assert_eq!(
        row(1),
        [
            1.into(),
            text("2026-11-23T18:00:00.000042Z"),
            text("account"),
            text("alice's"),
            1.into(),
            text("deposited"),
            3.into(),
            text(r#"{"amount":100}"#),
            text("teller-7"),
            text("01234567-89ab-7def-8123-456789abcdef"),
            text("11111111-2222-7333-8444-555555555555"),
            text("aaaaaaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee"),
            text(r#"{"branch":"north"}"#),
            text("0197f3a2-0000-7000-8000-000000000001"),
        ]
    );
    let other = row(2);
    assert_eq!(other[1], text("1969-12-31T23:59:59.999999Z"));
    assert!(other[8..13].iter().all(|value| *value == rusqlite::types::Value::Null), "{other:?}");
    let types: String =
        db.query_row("SELECT group_concat(typeof(payload)) FROM journal", (), |row| row.get(0)).unwrap();
    assert_eq!(types, "text,blob");
}

#[tokio::test]
async fn other_programs_cannot_change_or_delete_events_by_mistake() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    append(&store, &account("alice"), events(1)).await;
    let db = rusqlite::Connection::open(&path).unwrap();
    for sql in ["UPDATE events SET payload = ''", "DELETE FROM events", "DELETE FROM events WHERE position = 1"] {
        let error = db.execute(sql, ()).unwrap_err();
        assert!(error.to_string().contains("events are never"), "{error}");
    }
    assert_eq!(payloads(&store, &account("alice")).await.unwrap(), ["1"]);
}

#[tokio::test]
async fn a_file_is_at_most_two_and_a_half_times_its_payloads() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut bytes = 0;
    for round in 0..400 {
        let mut streams = Vec::new();
        for stream in 0..50 {
            let reference = "r".repeat(31 + (round + stream) % 31);
            let payload = format!(r#"{{"amount":{},"reference":"{reference}"}}"#, 100 + round);
            assert!((60..=90).contains(&payload.len()), "{}", payload.len());
            bytes += payload.len() as u64;
            let stream = account(&format!("account-{stream:06}"));
            streams.push(es_core::StreamAppend {
                stream,
                expected: ExpectedVersion::Any,
                events: vec![event(payload)],
            });
        }
        store.append(es_core::Append { streams }).await.unwrap();
    }
    store.close().await;
    let size = path.metadata().unwrap().len();
    println!("{size} bytes for {bytes} bytes of payloads");
    assert!(size * 2 <= bytes * 5, "{size} bytes for {bytes} bytes of payloads");
}

#[tokio::test]
async fn the_wal_does_not_grow_with_the_journal() {
    let (_folder, path) = place();
    let store = SqliteStore::builder().durability(Durability::Relaxed).open(&path).await.unwrap();
    let payload = format!("\"{}\"", "x".repeat(100_000));
    let mut largest = 0;
    for _ in 0..100 {
        append(&store, &account("alice"), (0..10).map(|_| event(payload.as_str())).collect()).await;
        let page = store.read_all(Position::START, &Filter::all(), PageSize::events(1)).await.unwrap();
        assert!(page.more());
        largest = largest.max(path.with_extension("db-wal").metadata().unwrap().len());
    }
    assert!(largest < 40_000_000, "the WAL had {largest} bytes");
    store.close().await;
    assert!(path.metadata().unwrap().len() > 100_000_000);
}

#[tokio::test]
async fn appends_of_any_length_are_written_as_they_are() {
    let store = SqliteStore::open_in_memory().await.unwrap();
    let stream = account("alice");
    let mut written = Vec::new();
    // Around the number of events that are written by one statement, and with metadata here and there.
    for count in [1, 15, 16, 17, 31, 32, 33, 48, 100, 999, 1_000, 2, 16] {
        let mut some = events(count);
        for (index, event) in some.iter_mut().enumerate() {
            if (index + count) % 7 == 0 {
                event.metadata = Arc::new(metadata());
            }
            event.name = format!("noted_{}", index % 3).into();
        }
        written.extend(some.clone());
        append(&store, &stream, some).await;
    }
    let mut doubled = events(40);
    doubled[37].id = written[3].id;
    let refused = store.append(to(&stream, ExpectedVersion::Any, doubled)).await;
    assert!(matches!(refused, Err(AppendError::DuplicateEvent { .. })), "{refused:?}");
    let (mut found, mut next) = (0, 1);
    loop {
        let page = store.read_stream(&stream, next..=u64::MAX, PageSize::default()).await.unwrap();
        for (raw, event) in page.iter().zip(&written[found..]) {
            assert_eq!((raw.id, raw.name, raw.payload.bytes), (event.id, &*event.name, &*event.payload));
            assert_eq!((raw.version, raw.metadata), (next, &event.metadata));
            next += 1;
        }
        found += page.len();
        if !page.more() {
            break;
        }
    }
    assert_eq!(found, written.len());
}
