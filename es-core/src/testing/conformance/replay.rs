//! J1 to J4: what was written to a stream is read from it.

use super::given::{account, append, event, events};
use super::harness::{Harness, open};
use super::seen::{ids, of_stream};
use crate::event::{CommandId, Position, Timestamp};
use crate::journal::{ExpectedVersion, Filter, Journal, NewEvent, Page, PageSize};

pub(super) async fn j01_a_replay_gives_all_events_of_a_stream_in_order_and_byte_for_byte<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    let mut written = Vec::new();
    let mut last_positions = Vec::new();
    for count in [1, 3, 2, 5] {
        let more: Vec<_> = (0..count)
            .map(|number| NewEvent {
                name: format!("noted_{number}").into(),
                version: u32::try_from(number).unwrap() + 1,
                // JSON that a store which parses it and writes it anew would change.
                payload: format!("{{ \"z\":1e2, \"a\" : [ {number}.0 ],\"a\":\"\\u0041\" }}\n").into_bytes(),
                ..event(number)
            })
            .collect();
        let before = written.len() as u64;
        written.extend(more.clone());
        let appended = append(&store, &alice, more).await;
        assert_eq!(appended.streams[0].versions, Some(before + 1..=written.len() as u64));
        assert_eq!(appended.streams[0].position, appended.position);
        assert!(!appended.repeated);
        last_positions.push((written.len(), appended.position, appended.recorded_at));
        append(&store, &bob, events(2)).await;
    }

    let seen = of_stream(&store, &alice).await;
    let found: Vec<_> = seen.iter().map(|seen| seen.event.clone()).collect();
    assert_eq!(found, written);
    let versions: Vec<_> = seen.iter().map(|seen| seen.version).collect();
    assert_eq!(versions, (1..=11).collect::<Vec<_>>());
    for (count, position, recorded_at) in last_positions {
        let last = &seen[count - 1];
        assert_eq!((last.position, last.recorded_at), (position, recorded_at), "the answer to an append was true");
    }
    assert_eq!(of_stream(&store, &bob).await.len(), 8);
}

pub(super) async fn j02_a_read_of_a_stream_has_a_lower_bound_an_upper_bound_and_a_limit<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    append(&store, &account("before"), events(3)).await;
    append(&store, &alice, events(6)).await;
    append(&store, &account("between"), events(1)).await;
    append(&store, &alice, events(4)).await;
    for first in [0, 1, 2, 7, 10, 11, u64::MAX] {
        for last in [1, 2, 6, 7, 9, 10, 11, u64::MAX] {
            for limit in [1, 2, 6, 7, 10, 100] {
                let page = store.read_stream(&alice, first..=last, PageSize::events(limit)).await.unwrap();
                let found: Vec<_> = page.iter().map(|event| event.version).collect();
                let within: Vec<_> = (1..=10).filter(|version| (first..=last).contains(version)).collect();
                let expected = &within[..within.len().min(limit)];
                assert_eq!(found, expected, "versions {first} to {last}, at most {limit}");
                assert_eq!(page.more(), within.len() > limit, "more than {limit} of versions {first} to {last}");
            }
        }
    }
}

pub(super) async fn j02_payloads_alone_are_those_of_the_events<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    for number in 0..12_u32 {
        let event =
            NewEvent { name: format!("noted_{}", number % 3).into(), version: 1 + number / 4, ..event(number.into()) };
        append(&store, &alice, vec![event]).await;
        append(&store, &account("bob"), events(2)).await;
    }
    for (versions, limit) in
        [(1..=u64::MAX, 100), (1..=12, 5), (4..=9, 6), (4..=9, 2), (12..=12, 1), (13..=20, 9), (1..=4, 0)]
    {
        let whole = store.read_stream(&alice, versions.clone(), PageSize::events(limit)).await.unwrap();
        let page = store.read_payloads(&alice, versions.clone(), PageSize::events(limit)).await.unwrap();
        let seen = |page: &Page| -> Vec<_> {
            let events = page.iter().map(|raw| {
                let payload = (raw.payload.format.to_owned(), raw.payload.bytes.to_vec());
                (raw.stream.clone(), raw.version, raw.name.to_owned(), raw.event_version, payload)
            });
            events.collect()
        };
        assert_eq!(seen(&page), seen(&whole), "versions {versions:?}, at most {limit}");
        assert_eq!(page.more(), whole.more(), "more than {limit} of versions {versions:?}");
        let last = |page: &Page| page.last().map(|last| (last.id, last.position));
        assert_eq!(last(&page), last(&whole), "the id and the position of the last event");
        let others =
            page.iter().zip(&whole).all(|(raw, whole)| [whole.position, Position::START].contains(&raw.position));
        assert!(others, "a position that is that of another event");
    }
    let unknown = store.read_payloads(&account("nobody"), 1..=u64::MAX, PageSize::default()).await.unwrap();
    assert!(unknown.is_empty() && !unknown.more());
}

pub(super) async fn j02_equal_bounds_give_one_event<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    let written = events(5);
    append(&store, &alice, written.clone()).await;
    for version in 1..=5 {
        let page = store.read_stream(&alice, version..=version, PageSize::default()).await.unwrap();
        let found: Vec<_> = page.iter().map(|event| (event.version, event.id)).collect();
        assert_eq!(found, [(version, written[usize::try_from(version).unwrap() - 1].id)]);
        assert!(!page.more());
    }
}

pub(super) async fn j02_a_lower_bound_above_the_upper_or_a_limit_of_0_gives_no_event<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    append(&store, &alice, events(5)).await;
    #[expect(clippy::reversed_empty_ranges, reason = "the point is that they are")]
    for versions in [4..=2, 5..=0, u64::MAX..=1, 0..=0] {
        let page = store.read_stream(&alice, versions.clone(), PageSize::default()).await.unwrap();
        assert!(page.is_empty() && !page.more(), "versions {versions:?} gave {} events", page.len());
    }
    let page = store.read_stream(&alice, 1..=5, PageSize::events(0)).await.unwrap();
    assert!(page.is_empty(), "a limit of 0 gave {} events", page.len());
    let page = store.read_all(Position::START, &Filter::all(), PageSize::events(0)).await.unwrap();
    assert!(page.is_empty(), "a limit of 0 gave {} events", page.len());
    assert_eq!(page.next(), Position::START, "a page that took nothing has passed nothing");
}

pub(super) async fn j03_a_stream_that_was_never_written_has_no_events_and_version_0<H: Harness>(place: H) {
    let store = open(&place).await;
    append(&store, &account("bob"), events(2)).await;
    let alice = account("alice");
    let page = store.read_stream(&alice, 1..=u64::MAX, PageSize::default()).await.unwrap();
    assert!(page.is_empty() && !page.more());
    assert_eq!(store.version(&alice).await.unwrap(), 0);
    assert_eq!(store.version_at(&alice, Timestamp::MAX).await.unwrap(), 0);
    assert_eq!(store.find_command(&alice, CommandId::new()).await.unwrap(), None);
}

pub(super) async fn j03_reading_a_stream_does_not_create_it<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    for _ in 0..2 {
        assert_eq!(of_stream(&store, &alice).await, []);
        assert_eq!(store.version(&alice).await.unwrap(), 0);
    }
    assert_eq!(store.head().await.unwrap(), Position::START);
    assert_eq!(super::seen::all(&store).await, []);
    let written = super::given::to(&alice, ExpectedVersion::NoStream, events(1));
    super::given::accepted(&store, written).await;
}

pub(super) async fn j04_the_version_of_a_stream_is_that_of_its_last_event<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    let mut version = 0;
    for count in [1, 4, 1, 10] {
        append(&store, &alice, events(count)).await;
        append(&store, &bob, events(1)).await;
        version += count;
        assert_eq!(store.version(&alice).await.unwrap(), version);
        assert_eq!(ids(&of_stream(&store, &alice).await).len() as u64, version);
    }
    assert_eq!(store.version(&bob).await.unwrap(), 4);
}
