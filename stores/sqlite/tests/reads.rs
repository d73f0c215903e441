//! Reads that are done on the thread of their caller, and those that are not.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use common::{account, append, event, events, place};
use es_core::{EventId, Journal, JournalError, Page, PageSize, Snapshot, SnapshotStore, Timestamp};
use es_sqlite::{Commits, Durability, SqliteStore, SqliteStoreBuilder};

fn builder() -> SqliteStoreBuilder {
    SqliteStore::builder().durability(Durability::Relaxed)
}

/// One poll, without the budget of the test's task: where that is used up, what is done says that it is not.
fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(tokio::task::unconstrained(future)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// A read that was done within the first poll, among so many that a busy machine cannot have slowed down all of them.
fn at_once<F: Future<Output = Result<Page, JournalError>>>(read: impl Fn() -> F) -> Option<Page> {
    (0..1_000).find_map(|_| poll_once(read())).map(Result::unwrap)
}

/// Whether something is not always done within the first poll; a thread that is asked may have answered by the end of it.
fn is_done_elsewhere<F: Future>(ask: impl Fn() -> F) -> bool {
    (0..1_000).any(|_| poll_once(ask()).is_none())
}

#[tokio::test]
async fn a_few_events_are_read_by_the_caller_and_many_by_a_thread() {
    let (_folder, path) = place();
    let store = builder().open(&path).await.unwrap();
    let (alice, bob) = (account("alice"), account("bob"));
    append(&store, &alice, events(64)).await;
    append(&store, &bob, events(65)).await;

    let few = at_once(|| store.read_stream(&alice, 1..=u64::MAX, PageSize::default())).unwrap();
    assert_eq!((few.len(), few.more()), (64, false));
    let few = at_once(|| store.read_payloads(&bob, 2..=u64::MAX, PageSize::default())).unwrap();
    assert_eq!((few.len(), few.more()), (64, false));
    let part = at_once(|| store.read_stream(&alice, 1..=u64::MAX, PageSize::events(10))).unwrap();
    assert_eq!((part.len(), part.more()), (10, true));

    let many = || store.read_stream(&bob, 1..=u64::MAX, PageSize::default());
    assert!(is_done_elsewhere(many));
    assert_eq!(many().await.unwrap().len(), 65);
}

#[tokio::test]
async fn an_event_of_64_kib_is_read_by_the_caller_and_a_larger_one_is_not_left_out() {
    let (_folder, path) = place();
    let store = builder().open(&path).await.unwrap();
    let note = |bytes: usize| format!(r#""{}""#, "x".repeat(bytes - 2));
    let (alice, bob, carol, dave) = (account("alice"), account("bob"), account("carol"), account("dave"));
    append(&store, &alice, vec![event(note(64 * 1024))]).await;
    append(&store, &dave, vec![event(note(64 * 1024 + 1))]).await;
    append(&store, &bob, vec![event(note(64 * 1024 + 1)), event(note(3))]).await;
    // One whose characters are fewer than its bytes.
    append(&store, &carol, vec![event(note(3)), event(format!(r#""{}""#, "\u{e9}".repeat(40_000)))]).await;
    let page = at_once(|| store.read_stream(&alice, 1..=1, PageSize::default())).unwrap();
    assert_eq!(page.last().unwrap().payload.bytes.len(), 64 * 1024);
    let small = PageSize { events: 10, bytes: 1_000 };
    for _ in 0..100 {
        let pages = [
            (store.read_stream(&dave, 1..=u64::MAX, PageSize::default()).await.unwrap(), 1, false),
            (store.read_payloads(&dave, 1..=u64::MAX, small).await.unwrap(), 1, false),
            (store.read_stream(&bob, 1..=u64::MAX, PageSize::default()).await.unwrap(), 2, false),
            (store.read_payloads(&bob, 1..=u64::MAX, PageSize::default()).await.unwrap(), 2, false),
            (store.read_stream(&bob, 1..=u64::MAX, small).await.unwrap(), 1, true),
            (store.read_payloads(&bob, 1..=u64::MAX, small).await.unwrap(), 1, true),
            (store.read_payloads(&bob, 1..=u64::MAX, PageSize::events(0)).await.unwrap(), 0, true),
            (store.read_stream(&carol, 1..=u64::MAX, small).await.unwrap(), 1, true),
            (store.read_payloads(&carol, 1..=u64::MAX, PageSize::default()).await.unwrap(), 2, false),
        ];
        for (index, (page, count, more)) in pages.iter().enumerate() {
            assert_eq!((page.len(), page.more()), (*count, *more), "read {index}");
        }
    }
}

#[tokio::test]
async fn a_page_is_as_large_as_was_asked_for_wherever_it_is_read() {
    let (_folder, path) = place();
    let store = builder().open(&path).await.unwrap();
    let note = format!(r#""{}""#, "x".repeat(12_000));
    let alice = account("alice");
    append(&store, &alice, (0..20).map(|_| event(note.clone())).collect()).await;
    for _ in 0..100 {
        assert_eq!(store.read_stream(&alice, 1..=u64::MAX, PageSize::default()).await.unwrap().len(), 20);
    }
}

#[tokio::test]
async fn a_small_snapshot_is_loaded_by_the_caller_and_a_large_one_by_a_thread() {
    let (_folder, path) = place();
    let store = builder().open(&path).await.unwrap();
    let (alice, bob) = (account("alice"), account("bob"));
    for (stream, bytes) in [(&alice, 64 * 1024), (&bob, 64 * 1024 + 1)] {
        let payload = vec![b' '; bytes];
        let (event_id, taken_at, format) = (EventId::new(), Timestamp::UNIX_EPOCH, "json".to_owned());
        let snapshot = Snapshot { stream: stream.clone(), version: 1, event_id, taken_at, format, payload };
        store.save_snapshot(snapshot).await.unwrap();
    }
    let small = (0..1_000).find_map(|_| poll_once(store.load_snapshot(&alice, 5, "json"))).unwrap().unwrap();
    assert_eq!(small.unwrap().payload.len(), 64 * 1024);
    assert!(is_done_elsewhere(|| store.load_snapshot(&bob, 5, "json")));
    for _ in 0..100 {
        let large = store.load_snapshot(&bob, 5, "json").await.unwrap();
        assert_eq!(large.unwrap().payload.len(), 64 * 1024 + 1);
        assert!(store.load_snapshot(&bob, 0, "json").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_store_that_does_all_on_its_own_threads_reads_there_too() {
    let (_folder, path) = place();
    let store = builder().commits(Commits::OnOwnThread).open(&path).await.unwrap();
    let alice = account("alice");
    append(&store, &alice, events(3)).await;
    assert!(is_done_elsewhere(|| store.read_stream(&alice, 1..=u64::MAX, PageSize::default())));
    assert!(is_done_elsewhere(|| store.version(&alice)));
    assert_eq!(store.version(&alice).await.unwrap(), 3);
}

#[tokio::test]
async fn a_closed_store_reads_nothing_on_any_thread() {
    let (_folder, path) = place();
    let store = builder().open(&path).await.unwrap();
    let alice = account("alice");
    append(&store, &alice, events(3)).await;
    store.close().await;
    let read = store.read_stream(&alice, 1..=u64::MAX, PageSize::default()).await;
    assert!(matches!(read, Err(JournalError::Closed { .. })), "{read:?}");
    let version = store.version(&alice).await;
    assert!(matches!(version, Err(JournalError::Closed { .. })), "{version:?}");
}

#[tokio::test]
async fn who_reads_again_and_again_lets_others_have_a_turn() {
    let (_folder, path) = place();
    let store = builder().open(&path).await.unwrap();
    let alice = account("alice");
    append(&store, &alice, events(3)).await;
    let turns = Arc::new(AtomicU32::new(0));
    let other = tokio::spawn({
        let turns = Arc::clone(&turns);
        async move {
            loop {
                turns.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        }
    });
    let (mut without, mut longest, mut before) = (0, 0, 0);
    for _ in 0..3_000 {
        assert_eq!(store.version(&alice).await.unwrap(), 3);
        assert_eq!(store.read_stream(&alice, 1..=3, PageSize::default()).await.unwrap().len(), 3);
        assert!(store.load_snapshot(&alice, 3, "json").await.unwrap().is_none());
        let now = turns.load(Ordering::Relaxed);
        without = if now == before { without + 3 } else { 0 };
        longest = longest.max(without);
        before = now;
    }
    other.abort();
    println!("at most {longest} reads without a turn");
    assert!(longest <= 200, "{longest}");
}
