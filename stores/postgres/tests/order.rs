//! The order of the journal: no reader passes an event that is still to be committed before one that it has read.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Place, event, soak};
use es_core::{Append, AppendError, EventId, ExpectedVersion, Filter, Journal, PageSize, Position, StreamId};
use es_postgres::PostgresStore;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinHandle;
use uuid::Uuid;

const WRITERS: usize = 16;

/// Appends with as many stores as there are writers, each with connections of its own, as so many processes would.
/// Some appends are in vain and leave gaps in the sequence of numbers.
async fn write(place: Arc<Place>, events: usize) -> Vec<EventId> {
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let store = place.builder().writers(1).readers(1).connect(place.url()).await.unwrap();
        writers.push(tokio::spawn(async move {
            let mut written = Vec::new();
            let mut number = 0;
            while written.len() < events / WRITERS {
                number += 1;
                let stream = StreamId::new("account", &format!("{writer}-{}", number % 7)).unwrap();
                let new: Vec<_> = (0..=number % 3).map(|_| event()).collect();
                let ids: Vec<_> = new.iter().map(|event| event.id).collect();
                let double = new[0].clone();
                store.append(Append::to_stream(stream.clone(), ExpectedVersion::Any, new)).await.unwrap();
                written.extend(ids);
                if number % 10 == 0 {
                    let in_vain = Append::to_stream(stream, ExpectedVersion::Any, vec![event(), double, event()]);
                    let answer = store.append(in_vain).await;
                    assert!(matches!(answer, Err(AppendError::DuplicateEvent { .. })), "{answer:?}");
                }
            }
            written
        }));
    }
    let mut all = Vec::new();
    for writer in writers {
        all.extend(writer.await.unwrap());
    }
    all
}

/// Holds write transactions open for some milliseconds each, until it is told to end.
fn hold(place: Arc<Place>, done: Arc<AtomicBool>) -> JoinHandle<usize> {
    tokio::spawn(async move {
        let mut held = 0;
        let mut db = PgConnection::connect(place.url()).await.unwrap();
        while !done.load(Ordering::Relaxed) {
            let mut transaction = db.begin().await.unwrap();
            sqlx::query("SELECT pg_current_xact_id()").execute(&mut *transaction).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
            transaction.rollback().await.unwrap();
            held += 1;
        }
        held
    })
}

/// What most would write first: it takes what is there after the number that it has come to.
#[derive(Default)]
struct ByNumber {
    last: i64,
    seen: HashSet<EventId>,
}

impl ByNumber {
    async fn read(&mut self, place: &Place) {
        let mut db = PgConnection::connect(place.url()).await.unwrap();
        self.read_on(place, &mut db).await;
    }

    async fn read_on(&mut self, place: &Place, db: &mut PgConnection) {
        let sql = "SELECT number, id FROM {schema}.events WHERE number > $1 ORDER BY number";
        let rows: Vec<(i64, Uuid)> = sqlx::query_as(place.sql(sql)).bind(self.last).fetch_all(db).await.unwrap();
        for (number, id) in rows {
            self.last = number;
            self.seen.insert(EventId::from_uuid(id));
        }
    }
}

async fn read_by_number(place: &Place, done: &AtomicBool) -> HashSet<EventId> {
    let mut db = PgConnection::connect(place.url()).await.unwrap();
    let mut reader = ByNumber::default();
    loop {
        let ends = done.load(Ordering::Relaxed);
        reader.read_on(place, &mut db).await;
        if ends {
            return reader.seen;
        }
    }
}

/// What this crate does.
async fn read_by_position(store: &PostgresStore, done: &AtomicBool) -> Vec<(Position, EventId)> {
    let mut position = Position::START;
    let mut seen = Vec::new();
    loop {
        let ends = done.load(Ordering::Relaxed);
        let page = store.read_all(position, &Filter::all(), PageSize::events(100)).await.unwrap();
        for raw in &page {
            assert!(
                raw.position > position,
                "an event at {}, which the reader had passed: at {position}",
                raw.position
            );
            position = raw.position;
            seen.push((raw.position, raw.id));
        }
        if ends && !page.more() && page.is_empty() && store.head().await.unwrap() <= position {
            return seen;
        }
    }
}

/// Calls what appends call, in a transaction that is still to be committed.
async fn append_uncommitted(place: &Place, db: &mut PgConnection, stream: &str, id: EventId) {
    let epoch = try_append(place, db, stream, id).await.unwrap();
    assert!(epoch.is_some());
}

async fn try_append(
    place: &Place,
    db: &mut PgConnection,
    stream: &str,
    id: EventId,
) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT written_epoch FROM {schema}.append(ARRAY['account'], ARRAY[$1], ARRAY[1], ARRAY[1], \
               ARRAY[NULL::bigint], ARRAY[1], ARRAY[1], ARRAY[$2], ARRAY[1], ARRAY['{}'], '{}', '{}', '{}', '{}', '{}', \
               '{}', 0)";
    sqlx::query_scalar(place.sql(sql)).bind(stream).bind(id.as_uuid()).fetch_one(db).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_appends_that_commit_in_the_other_order_a_reader_by_number_skips_one_and_one_by_position_none() {
    let place = Place::new();
    let store = place.builder().connect(place.url()).await.unwrap();
    // The kind of the events.
    let before = event();
    let append = Append::to_stream(StreamId::new("account", "a").unwrap(), ExpectedVersion::Any, vec![before.clone()]);
    store.append(append).await.unwrap();
    let (first, second) = (EventId::new(), EventId::new());
    let mut one = PgConnection::connect(place.url()).await.unwrap();
    let mut other = PgConnection::connect(place.url()).await.unwrap();
    let mut earlier = one.begin().await.unwrap();
    append_uncommitted(&place, &mut earlier, "b", first).await;
    let mut later = other.begin().await.unwrap();
    append_uncommitted(&place, &mut later, "c", second).await;
    later.commit().await.unwrap();

    let mut naive = ByNumber::default();
    naive.read(&place).await;
    assert_eq!(naive.seen, HashSet::from([before.id, second]));
    let page = store.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap();
    assert_eq!(page.iter().map(|raw| raw.id).collect::<Vec<_>>(), [before.id]);

    earlier.commit().await.unwrap();
    naive.read(&place).await;
    assert!(!naive.seen.contains(&first), "the test is not one: the reader by number has seen the event");
    let page = store.read_all(page.next(), &Filter::all(), PageSize::default()).await.unwrap();
    assert_eq!(page.iter().map(|raw| raw.id).collect::<Vec<_>>(), [first, second]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn among_16_writers_readers_by_position_see_each_event_once_and_in_one_order() {
    let place = Arc::new(Place::new());
    let store = place.builder().connect(place.url()).await.unwrap();
    let events = if soak() { 200_000 } else { 10_000 };
    let done = Arc::new(AtomicBool::new(false));
    let holder = hold(Arc::clone(&place), Arc::clone(&done));
    let naive = tokio::spawn({
        let (place, done) = (Arc::clone(&place), Arc::clone(&done));
        async move { read_by_number(&place, &done).await }
    });
    let mut careful = Vec::new();
    for _ in 0..2 {
        let (store, done) = (store.clone(), Arc::clone(&done));
        careful.push(tokio::spawn(async move { read_by_position(&store, &done).await }));
    }
    let written: HashSet<_> = write(Arc::clone(&place), events).await.into_iter().collect();
    done.store(true, Ordering::Relaxed);
    let held = holder.await.unwrap();

    let naive = naive.await.unwrap();
    // How many depends on the machine, so that is not checked: the test above does that.
    let skipped = written.difference(&naive).count();
    let mut order = None;
    for reader in careful {
        let seen = reader.await.unwrap();
        let ids: HashSet<_> = seen.iter().map(|(_, id)| *id).collect();
        assert_eq!(ids.len(), seen.len(), "an event was seen twice");
        assert!(written.is_subset(&ids), "{} events were skipped", written.difference(&ids).count());
        assert!(order.is_none_or(|order| order == seen), "two readers saw different orders");
        order = Some(seen);
    }
    println!(
        "{} events by {WRITERS} writers, {held} transactions held open: by number {skipped} skipped, by position 0",
        written.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_append_whose_transaction_is_older_than_the_last_event_of_its_stream_is_not_written() {
    let place = Place::new();
    let store = place.builder().connect(place.url()).await.unwrap();
    let mut db = PgConnection::connect(place.url()).await.unwrap();
    let mut older = db.begin().await.unwrap();
    sqlx::query("SELECT pg_current_xact_id()").execute(&mut *older).await.unwrap();
    let stream = StreamId::new("account", "a").unwrap();
    store.append(Append::to_stream(stream, ExpectedVersion::Any, vec![event()])).await.unwrap();
    // Its event would be the second of the stream, and stand before the first.
    let error = try_append(&place, &mut older, "a", EventId::new()).await.unwrap_err();
    assert_eq!(
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
        Some("ES001"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_behind_an_open_transaction_is_read_when_that_has_ended() {
    let place = Place::new();
    let store = place.builder().connect(place.url()).await.unwrap();
    let mut db = PgConnection::connect(place.url()).await.unwrap();
    let mut open = db.begin().await.unwrap();
    let (pid, _): (i32, String) =
        sqlx::query_as("SELECT pg_backend_pid(), pg_current_xact_id()::text").fetch_one(&mut *open).await.unwrap();
    let stream = StreamId::new("account", "alice").unwrap();
    let append = Append::to_stream(stream.clone(), ExpectedVersion::NoStream, vec![event()]);
    let appended = store.append(append).await.unwrap();
    // The stream has it, and the whole not yet.
    assert_eq!(store.version(&stream).await.unwrap(), 1);
    assert_eq!(store.head().await.unwrap(), Position::START);
    let page = store.read_all(Position::START, &Filter::all(), PageSize::default()).await.unwrap();
    assert!(page.is_empty() && !page.more());
    let held_back = store.held_back().await.unwrap().expect("something holds the event back");
    assert_eq!(held_back.pid, u32::try_from(pid).ok());
    assert!(held_back.to_string().starts_with(&format!("waiting for transaction of pid {pid}")), "{held_back}");

    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.wait(Position::START).await }
    });
    open.rollback().await.unwrap();
    let head = tokio::time::timeout(Duration::from_mins(1), waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(head, appended.position);
}
