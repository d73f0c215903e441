//! Appends that are committed on the thread of their caller, and those that are not.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use common::{account, append, event, events, payloads, place, to};
use es_core::{
    AppendError, Appended, Clock, EventId, ExpectedVersion, Journal, JournalError, NewEvent, PageSize, Timestamp,
};
use es_sqlite::{Commits, Durability, SqliteStore, SqliteStoreBuilder};
use rusqlite::Connection;

/// A clock that notes the thread that asks for the time, which is the one that commits; it can be broken.
#[derive(Debug, Default)]
struct Noting {
    thread: Mutex<Option<ThreadId>>,
    is_broken: AtomicBool,
}

impl Noting {
    /// Whether the last append was committed on this thread.
    fn was_here(&self) -> bool {
        *self.thread.lock().unwrap() == Some(std::thread::current().id())
    }
}

impl Clock for Noting {
    fn now(&self) -> Timestamp {
        assert!(!self.is_broken.load(Ordering::SeqCst), "the clock is broken");
        *self.thread.lock().unwrap() = Some(std::thread::current().id());
        Timestamp::UNIX_EPOCH
    }
}

/// Commits to it are short, whatever the disk.
fn quick() -> SqliteStoreBuilder {
    SqliteStore::builder().durability(Durability::Relaxed)
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn written(path: &Path) -> i64 {
    let db = Connection::open(path).unwrap();
    db.query_row("SELECT count(*) FROM events", (), |row| row.get(0)).unwrap()
}

/// Opens a store, and appends until it commits on its caller's thread.
async fn noted(builder: SqliteStoreBuilder, path: &Path) -> (SqliteStore, Arc<Noting>) {
    let clock = Arc::new(Noting::default());
    let store = builder.clock(clock.clone()).open(path).await.unwrap();
    let started = Instant::now();
    while !clock.was_here() {
        append(&store, &account("warm"), events(1)).await;
        assert!(started.elapsed() < Duration::from_mins(1), "the store never commits on its caller's thread");
    }
    (store, clock)
}

async fn warm(builder: SqliteStoreBuilder, path: &Path) -> SqliteStore {
    noted(builder, path).await.0
}

#[tokio::test]
async fn an_append_that_is_dropped_after_any_poll_is_written_once_or_not_at_all() {
    let (_folder, path) = place();
    let store = warm(quick(), &path).await;
    let mut whole = 0;
    for number in 0..1_000 {
        let stream = account(&number.to_string());
        let mut dropped = Box::pin(store.append(to(&stream, ExpectedVersion::NoStream, events(3))));
        for _ in 0..number % 4 {
            if poll_once(dropped.as_mut()).is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(dropped);
        if number % 7 == 0 {
            append(&store, &account("between"), events(1)).await;
        }
    }
    store.close().await;
    let store = SqliteStore::open(&path).await.unwrap();
    for number in 0..1_000 {
        match payloads(&store, &account(&number.to_string())).await.unwrap().len() {
            0 => assert_eq!(number % 4, 0, "what was polled once is asked for"),
            3 => whole += 1,
            other => panic!("{other} of 3 events"),
        }
    }
    println!("{whole} of 1000 dropped appends written");
    assert_eq!(whole, 750);
}

#[tokio::test]
async fn a_file_that_another_program_writes_to_does_not_block_the_caller() {
    let (_folder, path) = place();
    let store = warm(quick(), &path).await;
    let before = written(&path);
    let other = Connection::open(&path).unwrap();
    for round in 0..10 {
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut waiting = Box::pin(store.append(to(&account("alice"), ExpectedVersion::Exact(round), events(1))));
        // On this thread the lock is never let go, so whoever waited for it here would fail.
        assert!(poll_once(waiting.as_mut()).is_none());
        other.execute_batch("COMMIT").unwrap();
        waiting.await.unwrap();
    }
    let brief = Duration::from_millis(50);
    let busy = warm(quick().busy_timeout(brief), &path).await;
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = busy.append(to(&account("alice"), ExpectedVersion::Any, events(1))).await.unwrap_err();
    assert!(matches!(error, AppendError::Journal(JournalError::Busy { .. })), "{error}");
    other.execute_batch("COMMIT").unwrap();
    append(&busy, &account("alice"), events(1)).await;
    assert_eq!(payloads(&store, &account("alice")).await.unwrap().len(), 11);
    assert!(written(&path) > before + 11);
}

/// Appends to a few streams at the versions that it expects, catching up after each lost race.
async fn race(store: SqliteStore, wins: u64) -> u64 {
    let (mut won, mut lost) = (0, 0);
    let mut version = 0;
    while won < wins {
        match store.append(to(&account("raced"), ExpectedVersion::Exact(version), events(2))).await {
            Ok(Appended { streams, .. }) => {
                assert_eq!(streams[0].versions, Some(version + 1..=version + 2));
                version += 2;
                won += 1;
            }
            Err(AppendError::Conflict { actual, .. }) => {
                assert_ne!(actual, version);
                version = actual;
                lost += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    lost
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stores_of_two_programs_race_for_each_version() {
    let (_folder, path) = place();
    let stores = [warm(quick(), &path).await, warm(quick(), &path).await];
    let mut races = tokio::task::JoinSet::new();
    for number in 0..4 {
        races.spawn(race(stores[number % 2].clone(), 250));
    }
    let lost: u64 = races.join_all().await.iter().sum();
    println!("1000 appends won, {lost} lost");
    for store in &stores {
        assert_eq!(payloads(store, &account("raced")).await.unwrap().len(), 2_000);
    }
}

/// Many clients, each with a stream of its own; then everything is there, in order.
async fn many(store: &SqliteStore, clients: u64, appends: u64) {
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..clients {
        let store = store.clone();
        tasks.spawn(async move {
            let stream = account(&format!("client-{client}"));
            for version in 0..appends {
                let number = event(version.to_string());
                store.append(to(&stream, ExpectedVersion::Exact(version), vec![number])).await.unwrap();
                if (client + version) % 5 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    tasks.join_all().await;
    for client in 0..clients {
        let numbers: Vec<String> = (0..appends).map(|number| number.to_string()).collect();
        assert_eq!(payloads(store, &account(&format!("client-{client}"))).await.unwrap(), numbers);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_on_some_threads() {
    for clients in [1, 2, 3, 16, 128] {
        let (_folder, path) = place();
        many(&warm(quick(), &path).await, clients, 50).await;
    }
}

#[tokio::test]
async fn many_clients_on_one_thread_are_committed_together() {
    let (_folder, path) = place();
    let store = warm(quick(), &path).await;
    many(&store, 16, 100).await;
    // A client that is alone is let in between: it does not keep the thread to itself.
    let others = tokio::spawn({
        let store = store.clone();
        async move {
            for _ in 0..10 {
                store.head().await.unwrap();
            }
        }
    });
    let mut appends = 0;
    while !others.is_finished() {
        append(&store, &account("alone"), events(1)).await;
        appends += 1;
        assert!(appends < 100_000, "nobody else had a turn");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_before_a_store_is_closed_is_there() {
    for round in 0..20 {
        let (_folder, path) = place();
        let store = warm(quick(), &path).await;
        let clients = 1 + round % 3;
        let mut tasks = tokio::task::JoinSet::new();
        for client in 0..clients {
            let store = store.clone();
            tasks.spawn(async move {
                let mut answered = 0;
                loop {
                    match store.append(to(&account(&client.to_string()), ExpectedVersion::Any, events(1))).await {
                        Ok(_) => answered += 1,
                        Err(AppendError::Journal(JournalError::Closed { .. })) => return (client, answered),
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
        for _ in 0..round * 3 {
            append(&store, &account("other"), events(1)).await;
        }
        store.close().await;
        let answered = tasks.join_all().await;
        assert!(!path.with_extension("db-wal").exists(), "the connection is not closed");
        let store = SqliteStore::open(&path).await.unwrap();
        for (client, answered) in answered {
            assert_eq!(payloads(&store, &account(&client.to_string())).await.unwrap().len(), answered);
        }
    }
}

#[tokio::test]
async fn a_clock_that_panics_is_an_error_and_nothing_is_left_of_the_append() {
    let (_folder, path) = place();
    let (store, clock) = noted(quick(), &path).await;
    let before = written(&path);
    for _ in 0..20 {
        clock.is_broken.store(true, Ordering::SeqCst);
        let error = store.append(to(&account("alice"), ExpectedVersion::Exact(0), events(2))).await.unwrap_err();
        assert!(error.to_string().contains("the clock is broken"), "{error}");
        clock.is_broken.store(false, Ordering::SeqCst);
    }
    append(&store, &account("alice"), events(2)).await;
    assert_eq!(written(&path), before + 2);
}

#[tokio::test]
async fn the_rules_of_an_append_are_the_same_on_each_thread() {
    let (_folder, path) = place();
    for store in [warm(quick(), &path).await, quick().commits(Commits::OnOwnThread).open(&path).await.unwrap()] {
        let alice = account(&EventId::new().to_string());
        let there = events(3);
        assert!(!append(&store, &alice, there.clone()).await.repeated);
        // Its answer was lost.
        assert!(append(&store, &alice, there.clone()).await.repeated);
        let again = to(&alice, ExpectedVersion::NoStream, there.clone());
        assert!(store.append(again).await.unwrap().repeated);
        let one_more: Vec<NewEvent> = there.into_iter().chain(events(1)).collect();
        let doubled = store.append(to(&alice, ExpectedVersion::Any, one_more)).await;
        assert!(matches!(doubled, Err(AppendError::DuplicateEvent { .. })), "{doubled:?}");
        let conflict = store.append(to(&alice, ExpectedVersion::Exact(2), events(1))).await;
        assert!(matches!(conflict, Err(AppendError::Conflict { actual: 3, .. })), "{conflict:?}");
        assert_eq!(payloads(&store, &alice).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_store_that_commits_on_its_own_thread_never_does_so_on_its_callers() {
    let (_folder, path) = place();
    let clock = Arc::new(Noting::default());
    let store = quick().commits(Commits::OnOwnThread).clock(clock.clone()).open(&path).await.unwrap();
    for _ in 0..200 {
        append(&store, &account("alice"), events(1)).await;
        assert!(!clock.was_here());
    }
}

#[tokio::test]
async fn large_appends_are_not_committed_on_the_callers_thread() {
    let (_folder, path) = place();
    let (store, clock) = noted(quick(), &path).await;
    append(&store, &account("alice"), events(900)).await;
    assert!(!clock.was_here());
    append(&store, &account("alice"), vec![event(format!(r#""{}""#, "x".repeat(100_000)))]).await;
    assert!(!clock.was_here());
}

#[tokio::test]
async fn clients_on_one_thread_are_committed_together_and_not_each_by_itself() {
    let (_folder, path) = place();
    let (store, clock) = noted(quick(), &path).await;
    let mut first = Box::pin(store.append(to(&account("first"), ExpectedVersion::Any, events(1))));
    let at_once = poll_once(first.as_mut());
    // The first one is still under way: it lets the others have a turn.
    let second = store.append(to(&account("second"), ExpectedVersion::Any, events(1)));
    if at_once.is_none() {
        second.await.unwrap();
        assert!(!clock.was_here());
        first.await.unwrap();
    }
}

#[tokio::test]
async fn a_long_wal_is_copied_by_the_stores_own_thread() {
    let (_folder, path) = place();
    let store = warm(quick(), &path).await;
    let note = format!(r#""{}""#, "x".repeat(12_000));
    for _ in 0..4_000 {
        append(&store, &account("alice"), vec![event(note.clone())]).await;
    }
    let wal = path.with_extension("db-wal").metadata().unwrap().len();
    println!("48 MB appended, the WAL has {wal} bytes");
    assert!(wal < 40 * 1024 * 1024, "{wal}");
    let page = store.read_stream(&account("alice"), 3_990..=4_000, PageSize::default()).await.unwrap();
    assert_eq!(page.len(), 11);
}
