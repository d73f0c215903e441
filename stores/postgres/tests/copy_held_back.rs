//! Copies from a server and to it, while somebody's transaction holds events back there: one for each test, on a server
//! that is theirs.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::sync::LazyLock;
use std::time::Duration;

use common::{Place, event};
use es_core::{
    Append, CopyError, ExpectedVersion, Filter, Journal, JournalCopy, MemoryStore, PageSize, Position, StreamId,
};
use es_postgres::PostgresStore;
use sqlx::{Connection, PgConnection};
use tokio::sync::{Mutex, MutexGuard};

/// The transaction of one test would hold back the events of the others.
static ALONE: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);

const FOR_EVER: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(50);

struct Fixture {
    store: PostgresStore,
    /// Another program's, which has an id and has not ended.
    open: PgConnection,
    pid: u32,
    _alone: MutexGuard<'static, ()>,
}

impl Fixture {
    async fn new() -> Self {
        let alone = ALONE.lock().await;
        let place = Place::new();
        let store = place.builder().connect(place.url()).await.unwrap();
        let mut open = PgConnection::connect(place.url()).await.unwrap();
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut open).await.unwrap();
        Self { store, open, pid: u32::try_from(pid).unwrap(), _alone: alone }
    }

    async fn begin(&mut self) {
        sqlx::raw_sql("BEGIN; SELECT pg_current_xact_id()").execute(&mut self.open).await.unwrap();
    }

    async fn end(&mut self) {
        sqlx::raw_sql("ROLLBACK").execute(&mut self.open).await.unwrap();
    }

    fn check(&self, error: &CopyError, in_store: &str) {
        let CopyError::HeldBack { store, by } = error else { panic!("{error:?}") };
        assert_eq!((*store, by.pid), (in_store, Some(self.pid)));
        assert!(error.to_string().contains(&format!("waiting for transaction of pid {}", self.pid)), "{error}");
    }

    /// Events after all that the transaction allows to read; the store does not wait for that any more.
    async fn fill_behind(&mut self, count: usize) {
        let before = self.store.head().await.unwrap();
        self.begin().await;
        fill(&self.store, count).await;
        assert_eq!(self.store.head().await.unwrap(), before);
        assert!(self.store.newest().await.unwrap() > before);
    }
}

async fn fill<S: Journal>(store: &S, count: usize) {
    let stream = StreamId::new("account", "alice").unwrap();
    for _ in 0..count {
        let append = Append::to_stream(stream.clone(), ExpectedVersion::Any, vec![event()]);
        store.append(append).await.unwrap();
    }
}

async fn ids<S: Journal>(store: &S) -> Vec<es_core::EventId> {
    let page = store.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap();
    page.iter().map(|raw| raw.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_waits_for_a_transaction_that_holds_back_the_source() {
    let mut test = Fixture::new().await;
    fill(&test.store, 3).await;
    test.fill_behind(2).await;
    let copy = MemoryStore::new();
    let copying = tokio::spawn({
        let (from, to) = (test.store.clone(), copy.clone());
        async move { JournalCopy::new(&from, &to).patience(FOR_EVER).run().await }
    });
    for _ in 0..50 {
        sqlx::query("SELECT 1").execute(&mut test.open).await.unwrap();
    }
    assert!(!copying.is_finished(), "it is a copy of a part");
    test.end().await;
    let copied = copying.await.unwrap().unwrap();
    assert_eq!((copied.events, copied.new), (5, 5));
    assert_eq!(ids(&copy).await, ids(&test.store).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_source_that_is_held_back_says_by_whom_and_the_next_one_completes_it() {
    let mut test = Fixture::new().await;
    fill(&test.store, 3).await;
    let copy = MemoryStore::new();
    JournalCopy::new(&test.store, &copy).patience(FOR_EVER).run().await.unwrap();
    test.fill_behind(2).await;
    let error = JournalCopy::new(&test.store, &copy).patience(SHORT).run().await.unwrap_err();
    test.check(&error, "source");
    let error = JournalCopy::new(&test.store, &copy).patience(SHORT).verify().await.unwrap_err();
    test.check(&error, "source");
    assert_eq!(ids(&copy).await.len(), 3);
    test.end().await;
    let copied = JournalCopy::new(&test.store, &copy).patience(FOR_EVER).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (5, 2));
    assert_eq!(ids(&copy).await, ids(&test.store).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_waits_for_a_transaction_that_holds_back_the_destination() {
    let mut test = Fixture::new().await;
    let from = MemoryStore::new();
    fill(&from, 5).await;
    test.begin().await;
    let copying = tokio::spawn({
        let (from, to) = (from.clone(), test.store.clone());
        async move { JournalCopy::new(&from, &to).patience(FOR_EVER).run().await }
    });
    // It has written, and cannot read it.
    while test.store.version(&StreamId::new("account", "alice").unwrap()).await.unwrap() == 0 {
        assert!(!copying.is_finished());
    }
    test.end().await;
    let copied = copying.await.unwrap().unwrap();
    assert_eq!((copied.events, copied.new), (5, 5));
    assert_eq!(ids(&from).await, ids(&test.store).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_to_a_destination_that_is_held_back_says_by_whom_and_writes_nothing_twice() {
    let mut test = Fixture::new().await;
    let from = MemoryStore::new();
    fill(&from, 5).await;
    test.begin().await;
    for _ in 0..2 {
        let error = JournalCopy::new(&from, &test.store).patience(SHORT).run().await.unwrap_err();
        test.check(&error, "destination");
        let error = JournalCopy::new(&from, &test.store).patience(SHORT).verify().await.unwrap_err();
        test.check(&error, "destination");
        assert_eq!(test.store.version(&StreamId::new("account", "alice").unwrap()).await.unwrap(), 5);
    }
    test.end().await;
    let copied = JournalCopy::new(&from, &test.store).patience(FOR_EVER).run().await.unwrap();
    assert_eq!((copied.events, copied.new), (5, 0));
    assert_eq!(ids(&from).await, ids(&test.store).await);
}

/// Which transaction is the oldest changes all the time, and each holds back what was committed just now.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_of_a_journal_that_is_written_to_all_the_time_ends() {
    let test = Fixture::new().await;
    fill(&test.store, 3).await;
    let writing: Vec<_> = (0..8)
        .map(|writer| {
            let store = test.store.clone();
            tokio::spawn(async move {
                let stream = StreamId::new("account", &writer.to_string()).unwrap();
                loop {
                    let append = Append::to_stream(stream.clone(), ExpectedVersion::Any, vec![event()]);
                    store.append(append).await.unwrap();
                }
            })
        })
        .collect();
    let copy = MemoryStore::new();
    for _ in 0..10 {
        let before = test.store.newest().await.unwrap();
        let copied = JournalCopy::new(&test.store, &copy).patience(FOR_EVER).run().await.unwrap();
        assert!(copied.position >= before, "{copied:?} is without events before {before}");
    }
    for writer in writing {
        writer.abort();
    }
}
