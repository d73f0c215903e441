//! I1, I2 and I5: events come over as they were, as a whole, and are seen.

use std::collections::BTreeMap;
use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::super::given::{self, Random, account};
use super::super::harness::{Harness, did, joined, open};
use super::super::seen::{self, Seen};
use super::pages::{Foreign, foreign, page};
use crate::event::{CommandId, EventId, Metadata, Position, Timestamp};
use crate::journal::{ExpectedVersion, ImportJournal, Imported, Journal, NewEvent};

/// Events of two streams that have all there is to an event.
fn various() -> Vec<Foreign> {
    let metadata = Arc::new(Metadata {
        actor: Some("teller-7 \u{1f600}".to_owned()),
        command_id: Some(CommandId::new()),
        correlation_id: Some("11111111-2222-4333-8444-555555555555".parse().expect("a UUID")),
        causation_id: Some(EventId::new().into()),
        extra: BTreeMap::from([("branch".to_owned(), "north".to_owned()), (String::new(), String::new())]),
    });
    let mut events: Vec<_> =
        foreign("a", 1..=3).into_iter().zip(foreign("b", 1..=3)).flat_map(|(a, b)| [a, b]).collect();
    events[1].event.metadata = metadata;
    events[2].event = NewEvent { version: 7, ..given::named("d\u{e9}j\u{e0} 'vu'") };
    events[3].event = given::bytes((0..=255).collect());
    events[4].event = given::bytes(Vec::new());
    // A UUID of another kind.
    events[5].event.id = "c232ab00-9414-41ec-b3c8-9f6bdeced846".parse().expect("a UUID");
    events
}

fn content(seen: &[Seen]) -> Vec<Seen> {
    seen.iter().map(|seen| Seen { position: Position::START, ..seen.clone() }).collect()
}

pub(super) fn as_seen(events: &[Foreign]) -> Vec<Seen> {
    let seen = |event: &Foreign| Seen {
        stream: event.stream.clone(),
        version: event.version,
        position: Position::START,
        recorded_at: event.recorded_at,
        event: event.event.clone(),
    };
    events.iter().map(seen).collect()
}

pub(super) async fn i1_events_come_back_as_they_were_in_the_other_journal<H>(place: H)
where
    H: Harness<Store: ImportJournal>,
{
    let store = open(&place).await;
    let events = various();
    let Imported { position, repeated } = store.import(page(&events)).await.unwrap();
    let there = seen::all(&store).await;
    assert_eq!(content(&there), as_seen(&events));
    assert_eq!((there.last().map(|last| last.position), repeated), (Some(position), false));
    assert_eq!(store.head().await.unwrap(), position);
    for id in ["a", "b"] {
        let of_stream: Vec<_> = there.iter().filter(|seen| seen.stream == account(id)).cloned().collect();
        assert_eq!(seen::of_stream(&store, &account(id)).await, of_stream);
        assert_eq!(store.version(&account(id)).await.unwrap(), 3);
        let second = of_stream[1].recorded_at;
        assert_eq!(store.version_at(&account(id), second).await.unwrap(), 2, "at the time of version 2");
    }
}

pub(super) async fn i1_commands_are_found_and_appends_go_on_after_an_import<H>(place: H)
where
    H: Harness<Store: ImportJournal>,
{
    let store = open(&place).await;
    let (command, later) = (CommandId::new(), Timestamp::from_micros(Timestamp::MAX.as_micros() - 7));
    let mut events = foreign("a", 1..=5);
    for event in &mut events[1..4] {
        event.event = given::of_command(command, event.event.clone());
    }
    events[4].recorded_at = later;
    store.import(page(&events)).await.unwrap();
    assert_eq!(store.find_command(&account("a"), command).await.unwrap(), Some(2..=4));
    assert_eq!(store.find_command(&account("b"), command).await.unwrap(), None);
    let append = given::to(&account("a"), ExpectedVersion::Exact(5), given::events(1));
    let appended = given::accepted(&store, append).await;
    assert_eq!(appended.streams[0].versions, Some(6..=6));
    assert_eq!(appended.recorded_at, later, "an append was recorded before the event that it follows");
    // The events of an append that the other journal took are known here too.
    let again = given::to(&account("a"), ExpectedVersion::Exact(0), vec![events[0].event.clone()]);
    let appended = given::accepted(&store, again).await;
    assert_eq!((appended.repeated, appended.streams[0].versions.clone()), (true, Some(1..=1)));
    // And an import goes on after an append.
    let more = foreign("b", 1..=2);
    store.import(page(&more)).await.unwrap();
    let ids = seen::ids(&seen::all(&store).await);
    assert_eq!(ids[6..], [more[0].event.id, more[1].event.id]);
}

pub(super) async fn i1_an_import_of_no_events_writes_nothing<H>(place: H)
where
    H: Harness<Store: ImportJournal>,
{
    let store = open(&place).await;
    let imported = store.import(page(&[])).await.unwrap();
    assert_eq!(imported, Imported { position: Position::START, repeated: false });
    assert_eq!(store.head().await.unwrap(), Position::START);
}

pub(super) async fn i2_an_import_whose_future_is_dropped_happens_as_a_whole_or_not_at_all<H>(place: H)
where
    H: Harness<Store: ImportJournal>,
{
    const DROPS: u64 = 500;
    let store = open(&place).await;
    let mut random = Random::new(given::seed());
    let mut dropped = 0;
    for number in 0..DROPS {
        let (a, b) = (format!("a{number}"), format!("b{number}"));
        let events = [foreign(&a, 1..=3), foreign(&b, 1..=2)].concat();
        let polls = random.below(4);
        {
            let mut import = pin!(store.import(page(&events)));
            for _ in 0..polls {
                if let Poll::Ready(result) = import.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    result.unwrap();
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        dropped += 1;
        // What it does it has done when the next one, of the same stream, is answered.
        let imported = store.import(page(&events)).await.unwrap();
        let there = (seen::of_stream(&store, &account(&a)).await, seen::of_stream(&store, &account(&b)).await);
        assert_eq!((there.0.len(), there.1.len()), (3, 2), "after import {number}, answered with {imported:?}");
    }
    assert_eq!(seen::all(&store).await.len() as u64, DROPS * 5);
    did(format_args!("{dropped} imports dropped"));
}

pub(super) async fn i5_an_import_wakes_whoever_waits<H>(place: H)
where
    H: Harness<Store: ImportJournal>,
{
    let store = open(&place).await;
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.wait(Position::START).await.unwrap() })
    };
    // Long enough that it waits, most of the time; it must be woken either way.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let imported = store.import(page(&foreign("a", 1..=1))).await.unwrap();
    assert_eq!(joined(waiting).await, imported.position);
}
