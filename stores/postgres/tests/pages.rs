//! Pages of the whole journal, which are filled while their rows come.
#![allow(missing_docs, reason = "a test")]

mod common;

use common::{Place, event};
use es_core::{Append, ExpectedVersion, Filter, Journal, JournalError, NewEvent, PageSize, Position, Slices, StreamId};
use es_postgres::PostgresStore;
use sqlx::{Connection, Executor, PgConnection};

fn stream(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

async fn open(place: &Place) -> PostgresStore {
    place.builder().connect(place.url()).await.unwrap()
}

async fn append(store: &PostgresStore, id: &str, name: &str, count: usize) {
    append_of(store, id, name, count, 0).await;
}

/// Events with payloads of at least so many bytes.
async fn append_of(store: &PostgresStore, id: &str, name: &str, count: usize, length: usize) {
    let payload = || format!("\"{}\"", "x".repeat(length)).into_bytes();
    let events = (0..count).map(|_| NewEvent { name: name.to_owned().into(), payload: payload(), ..event() }).collect();
    store.append(Append::to_stream(stream(id), ExpectedVersion::Any, events)).await.unwrap();
}

/// Events as they are told apart here: stream, version and name.
type Seen = Vec<(String, u64, String)>;

/// The whole journal, page by page.
async fn read(store: &PostgresStore, filter: &Filter, size: PageSize) -> Seen {
    let (mut seen, mut at) = (Vec::new(), Position::START);
    loop {
        let page = store.read_all(at, filter, size).await.unwrap();
        assert!(page.len() <= size.events, "{} events in {size:?}", page.len());
        seen.extend(page.iter().map(|raw| (raw.stream.id().to_owned(), raw.version, raw.name.to_owned())));
        assert!(page.iter().all(|raw| raw.position > at && raw.position <= page.next()), "after {at:?}");
        at = page.next();
        if !page.more() {
            return seen;
        }
    }
}

#[tokio::test]
async fn each_event_is_there_once_whichever_streams_and_kinds_are_known() {
    let place = Place::new();
    let writer = open(&place).await;
    let parts = [("alice", "added", 300), ("bob", "added", 129), ("alice", "taken", 127), ("carol", "given", 256)];
    let mut all = Seen::new();
    let mut versions = std::collections::HashMap::<_, u64>::new();
    for (id, name, count) in [parts, parts].concat() {
        append(&writer, id, name, count).await;
        for _ in 0..count {
            let version = versions.entry(id).or_default();
            *version += 1;
            all.push((id.to_owned(), *version, name.to_owned()));
        }
    }
    let filters = [Filter::all(), Filter::none().event("account", "added").event("account", "given")];
    for (events, bytes) in [(4_096, 1 << 20), (128, 1 << 20), (127, 1 << 20), (300, 1 << 20), (4_096, 2_000), (1, 1)] {
        let size = PageSize { events, bytes };
        for filter in &filters {
            let wanted: Seen = all.iter().filter(|(.., name)| filter.lets_through("account", name)).cloned().collect();
            // One that knows nothing, then what it has read; and one that knows of alice only.
            let reader = open(&place).await;
            for _ in 0..2 {
                assert_eq!(read(&reader, filter, size).await, wanted, "in {size:?}");
            }
            let reader = open(&place).await;
            reader.read_stream(&stream("alice"), 1..=1, size).await.unwrap();
            assert_eq!(read(&reader, filter, size).await, wanted, "alice known, in {size:?}");
        }
    }
}

#[tokio::test]
async fn events_that_are_longer_than_those_before_them_end_a_page_and_are_in_the_next() {
    let place = Place::new();
    let store = open(&place).await;
    append(&store, "alice", "added", 300).await;
    append_of(&store, "alice", "added", 700, 10_000).await;
    append(&store, "bob", "added", 10).await;
    let count = |id: &'static str, count| (1..=count).map(move |version| (id.to_owned(), version, "added".to_owned()));
    let all: Seen = count("alice", 1_000).chain(count("bob", 10)).collect();
    let short = PageSize { events: 4_096, bytes: 100_000 };
    for size in [PageSize::default(), short] {
        let reader = open(&place).await;
        read(&reader, &Filter::all(), PageSize::events(100)).await;
        for _ in 0..2 {
            // The lengths that it expects are those of the first.
            reader.read_stream(&stream("alice"), 1..=300, PageSize::events(300)).await.unwrap();
            assert_eq!(read(&reader, &Filter::all(), size).await, all, "in {size:?}");
        }
    }
}

#[tokio::test]
async fn parts_of_the_streams_make_up_the_whole() {
    let place = Place::new();
    let store = open(&place).await;
    for id in 0..40 {
        append(&store, &id.to_string(), if id % 2 == 0 { "added" } else { "taken" }, 20).await;
    }
    let all: Seen = read(&store, &Filter::all(), PageSize::default()).await;
    assert_eq!(all.len(), 800);
    for reader in [open(&place).await, store] {
        let mut parts = Seen::new();
        for slices in [Slices::part(0, 2), Slices::part(1, 2)] {
            let filter = Filter::all().of_slices(slices);
            let part = read(&reader, &filter, PageSize::default()).await;
            assert!(part.len() > 200, "{} of 800", part.len());
            parts.extend(part);
        }
        parts.sort_by_key(|event| all.iter().position(|other| other == event));
        assert_eq!(parts, all);
        let none = PageSize { events: 0, bytes: 1 << 20 };
        let page = reader.read_all(Position::START, &Filter::none().event("account", "taken"), none).await.unwrap();
        assert!(page.is_empty() && page.more());
    }
}

#[tokio::test]
async fn a_stream_or_kind_that_is_missing_is_found_behind_events_that_are_well() {
    for (damage, said) in [
        ("UPDATE {schema}.events SET stream = -7 WHERE version = 200", "there is no stream with the number -7"),
        ("UPDATE {schema}.events SET kind = -1 WHERE version = 200", "there is no kind of event with the number -1"),
        ("UPDATE {schema}.events SET payload = NULL WHERE version = 200", "an event has lost its payload"),
    ] {
        let place = Place::new();
        let store = open(&place).await;
        append(&store, "alice", "added", 300).await;
        let seen = read(&store, &Filter::all(), PageSize::default()).await;
        assert_eq!(seen.len(), 300);
        let page = store.read_stream(&stream("alice"), 200..=200, PageSize::default()).await.unwrap();
        let position = page.last().unwrap().position;
        let mut db = PgConnection::connect(place.url()).await.unwrap();
        db.execute(place.sql("ALTER TABLE {schema}.events DISABLE TRIGGER ALL")).await.unwrap();
        db.execute(place.sql(damage)).await.unwrap();
        let read = store.read_all(Position::START, &Filter::all(), PageSize::default()).await;
        let Err(JournalError::Corrupt { what, position: at, .. }) = read else { panic!("not found: {damage}") };
        assert!(what.contains(said), "{damage}: {what}");
        assert_eq!(at, Some(position), "{damage}");
        // What is before it can be read, also where the rows behind it have come too.
        for before in [PageSize::events(150), PageSize { events: 4_096, bytes: 2 * 150 }] {
            let page = store.read_all(Position::START, &Filter::all(), before).await.unwrap();
            assert_eq!((page.len(), page.more()), (150, true), "{before:?}");
        }
    }
}
