//! Pages of the whole journal, which are filled while their rows come.
#![allow(missing_docs, reason = "a test")]

mod common;

use common::{Place, event};
use es_core::{Append, ExpectedVersion, Filter, Journal, JournalError, NewEvent, PageSize, Position, StreamId};
use es_postgres::PostgresStore;
use sqlx::{Connection, Executor, PgConnection};

fn stream(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

async fn open(place: &Place) -> PostgresStore {
    place.builder().connect(place.url()).await.unwrap()
}

async fn append(store: &PostgresStore, id: &str, name: &str, count: usize) {
    let events = (0..count).map(|_| NewEvent { name: name.to_owned().into(), ..event() }).collect();
    store.append(Append::to_stream(stream(id), ExpectedVersion::Any, events)).await.unwrap();
}

/// Events as they are told apart here: stream, version and name.
type Seen = Vec<(String, u64, String)>;

async fn read(store: &PostgresStore, after: Position, filter: &Filter, size: PageSize) -> (Seen, Position) {
    let (mut seen, mut at) = (Vec::new(), after);
    loop {
        let page = store.read_all(at, filter, size).await.unwrap();
        assert!(page.len() <= size.events, "{} events in {size:?}", page.len());
        seen.extend(page.iter().map(|raw| (raw.stream.id().to_owned(), raw.version, raw.name.to_owned())));
        assert!(page.iter().all(|raw| raw.position > at && raw.position <= page.next()), "after {at:?}");
        at = page.next();
        if !page.more() {
            return (seen, at);
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
                assert_eq!(read(&reader, Position::START, filter, size).await.0, wanted, "in {size:?}");
            }
            let reader = open(&place).await;
            reader.read_stream(&stream("alice"), 1..=1, size).await.unwrap();
            assert_eq!(read(&reader, Position::START, filter, size).await.0, wanted, "alice known, in {size:?}");
        }
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
        let (seen, _) = read(&store, Position::START, &Filter::all(), PageSize::default()).await;
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
        // What is before it can be read.
        let before = PageSize::events(150);
        assert_eq!(store.read_all(Position::START, &Filter::all(), before).await.unwrap().len(), 150);
    }
}
