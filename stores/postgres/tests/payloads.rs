//! Payloads by themselves, which come many in a row.
#![allow(missing_docs, reason = "a test")]

mod common;

use common::{Place, event};
use es_core::prelude::*;
use es_core::{Append, ExpectedVersion, Journal, JournalError, LoadError, NewEvent, Page, PageSize, StreamId};
use serde::{Deserialize, Serialize};
use sqlx::{Connection, Executor, PgConnection};

#[derive(Command, Debug, Clone)]
struct Note;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "noted")]
struct Noted {
    by: u64,
}

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(name = "account", commands(Note), events(Noted), error = std::convert::Infallible)]
struct Account {
    #[apply(Noted => self.sum + event.by)]
    sum: u64,
}

impl Handle<Note> for Account {
    fn handle(&self, _: Note, _: &Context) -> Decision<Self> {
        accept(Noted { by: 1 })
    }
}

fn stream() -> StreamId {
    StreamId::new("account", "alice").unwrap()
}

/// Events in JSON and others, of several names, some of them long.
fn some_events(count: usize) -> Vec<NewEvent> {
    let some = (0..count).map(|number| {
        let name = format!("noted_{}", number % 7 / 3).into();
        let (format, payload) = match number % 11 {
            3 => ("bytes".into(), vec![0x1e, 0, 255]),
            4 => ("bytes".into(), Vec::new()),
            5 => ("json".into(), br#""\u001e""#.to_vec()),
            6 => ("json".into(), b"no JSON".to_vec()),
            7 => ("json".into(), format!("\"{}\"", "long ".repeat(number * 3)).into_bytes()),
            _ => ("json".into(), format!("{{\"by\": {number}}}").into_bytes()),
        };
        NewEvent { name, format, payload, ..event() }
    });
    some.collect()
}

fn seen(page: &Page) -> Vec<(u64, String, u32, String, Vec<u8>)> {
    let events = page.iter().map(|raw| {
        assert_eq!(*raw.stream, stream());
        let (format, bytes) = (raw.payload.format.to_owned(), raw.payload.bytes.to_vec());
        (raw.version, raw.name.to_owned(), raw.event_version, format, bytes)
    });
    events.collect()
}

#[tokio::test]
async fn they_are_those_of_the_events_whatever_bounds_a_page() {
    const EVENTS: u64 = 450;
    let place = Place::new();
    let store = place.builder().connect(place.url()).await.unwrap();
    let mut events = some_events(450);
    while !events.is_empty() {
        let rest = events.split_off(events.len().min(37));
        store.append(Append::to_stream(stream(), ExpectedVersion::Any, events)).await.unwrap();
        events = rest;
    }
    let bounds = [(1, u64::MAX), (1, EVENTS), (1, 64), (1, 65), (64, 128), (63, 300), (450, 450), (451, 500)];
    let mut pages = 0;
    for (first, last) in bounds {
        for (events, bytes) in [(4_096, 1 << 20), (64, 1 << 20), (100, 1 << 20), (1_000, 3_000), (1_000, 1), (0, 100)] {
            let size = PageSize { events, bytes };
            let mut from = first;
            loop {
                let whole = store.read_stream(&stream(), from..=last, size).await.unwrap();
                let page = store.read_payloads(&stream(), from..=last, size).await.unwrap();
                assert_eq!(seen(&page), seen(&whole), "versions {from} to {last} in {size:?}");
                assert_eq!(page.more(), whole.more(), "versions {from} to {last} in {size:?}");
                let place = |page: &Page| page.last().map(|last| (last.id, last.position));
                assert_eq!(place(&page), place(&whole), "the last of versions {from} to {last} in {size:?}");
                pages += 1;
                match page.last() {
                    Some(end) if page.more() => from = end.version + 1,
                    _ => break,
                }
            }
        }
    }
    println!("{pages} pages");
}

#[tokio::test]
async fn an_event_that_is_missing_or_has_lost_something_is_found() {
    for (damage, said) in [
        ("DELETE FROM {schema}.events WHERE version = 70", "has version 71 where version 70 should be"),
        ("DELETE FROM {schema}.events WHERE version BETWEEN 1 AND 64", "has version 65 where version 1 should be"),
        ("DELETE FROM {schema}.events WHERE version BETWEEN 65 AND 128", "has version 129 where version 65 should be"),
        ("UPDATE {schema}.events SET version = -version WHERE version = 1", "an event has version -1"),
        ("UPDATE {schema}.events SET payload = NULL WHERE version = 72", "an event has lost its payload"),
        ("UPDATE {schema}.events SET kind = -1 WHERE version = 70", "no kind of event with the number -1"),
    ] {
        let place = Place::new();
        let store = place.builder().connect(place.url()).await.unwrap();
        store.append(Append::to_stream(stream(), ExpectedVersion::Any, some_events(200))).await.unwrap();
        let mut db = PgConnection::connect(place.url()).await.unwrap();
        db.execute(place.sql("ALTER TABLE {schema}.events DISABLE TRIGGER ALL")).await.unwrap();
        db.execute(place.sql(damage)).await.unwrap();
        let read = store.read_payloads(&stream(), 1..=u64::MAX, PageSize::default()).await;
        let Err(error) = read else { panic!("not found: {damage}") };
        assert!(matches!(&error, JournalError::Corrupt { what, .. } if what.contains(said)), "{damage}: {error:?}");
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_named_with_its_position() {
    let place = Place::new();
    let store = place.builder().connect(place.url()).await.unwrap();
    for number in 0..100 {
        let payload = if number == 70 { br#""no number""#.to_vec() } else { br#"{"by":1}"#.to_vec() };
        let event = NewEvent { payload, ..event() };
        store.append(Append::to_stream(stream(), ExpectedVersion::Any, vec![event])).await.unwrap();
    }
    let page = store.read_stream(&stream(), 71..=71, PageSize::default()).await.unwrap();
    let accounts = Repository::<Account, _>::new(&store);
    let loaded = accounts.load("alice").at_version(70).await.unwrap();
    assert_eq!((loaded.state.sum, loaded.version), (70, 70));
    let page_before = store.read_stream(&stream(), 70..=70, PageSize::default()).await.unwrap();
    assert_eq!(Some(loaded.position), page_before.last().map(|last| last.position));
    let error = accounts.load("alice").await.unwrap_err();
    let LoadError::Decode(unreadable) = error else { panic!("{error:?}") };
    assert_eq!((unreadable.version, Some(unreadable.position)), (71, page.last().map(|last| last.position)));
}
