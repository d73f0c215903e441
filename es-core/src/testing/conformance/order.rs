//! G1, G2, G5 and G6: the order of the journal, whole, filtered and resumed.

use std::collections::HashMap;
use std::sync::Arc;

use super::given::{Random, account, append, events, mixed, seed};
use super::harness::{Harness, did, joined, open, open_twice};
use super::seen::{Seen, after, all, ids, of_stream};
use crate::event::{Position, StreamId};
use crate::journal::{Filter, Journal, PageSize, Slices};

pub(super) async fn g01_reading_everything_gives_every_event_once_and_always_in_one_order<H: Harness>(place: H) {
    let handles = open_twice(&place).await;
    let seed = seed();
    let mut random = Random::new(seed);
    let mut written = Vec::new();
    let mut before: Vec<Seen> = Vec::new();
    for _ in 0..5 {
        written.extend(mixed(&handles[0], &mut random, 30).await);
        let now = all(&handles[0]).await;
        assert_eq!(now[..before.len()], before, "seed {seed}: what was read before is read again");
        for (handle, size) in handles.iter().zip([1, 7]).chain(handles.iter().zip([1_000, 100])) {
            let again = after(handle, Position::START, &Filter::all(), PageSize::events(size)).await;
            assert_eq!(again, now, "seed {seed}: another reader, with pages of {size}, reads the same");
        }
        before = now;
    }
    let found: Vec<_> = before.into_iter().map(|seen| (seen.stream, seen.event)).collect();
    assert_eq!(found, written, "seed {seed}: appends that follow each other are in that order");
    did(format_args!("{} events, seed {seed}", found.len()));
}

pub(super) async fn g01_the_head_is_the_position_of_the_last_event<H: Harness>(place: H) {
    let store = open(&place).await;
    assert_eq!(store.head().await.unwrap(), Position::START);
    for number in 0..20 {
        let appended = append(&store, &account(&number.to_string()), events(number % 3 + 1)).await;
        assert_eq!(store.head().await.unwrap(), appended.position);
        assert_eq!(all(&store).await.last().map(|seen| seen.position), Some(appended.position));
    }
    let head = store.head().await.unwrap();
    for beyond in [head, Position { number: u64::MAX, ..head }] {
        let page = store.read_all(beyond, &Filter::all(), PageSize::default()).await.unwrap();
        assert!(page.is_empty() && !page.more(), "there is an event after {beyond}");
        assert_eq!(page.next(), beyond);
    }
}

pub(super) async fn g01_the_newest_event_is_known_at_once_and_read_when_nothing_holds_it_back<H: Harness>(place: H) {
    let place = Arc::new(place);
    let store = open(&*place).await;
    assert_eq!(store.newest().await.unwrap(), Position::START);
    let mut held_back = 0;
    for number in 0..20 {
        let holding = tokio::spawn({
            let place = Arc::clone(&place);
            async move { place.hold_open().await }
        });
        let appended = append(&store, &account("a"), events(number % 3 + 1)).await;
        assert_eq!(store.newest().await.unwrap(), appended.position);
        while store.held_back().await.unwrap().is_some() {
            held_back += 1;
        }
        assert_eq!(store.head().await.unwrap(), appended.position, "nothing holds it back");
        joined(holding).await;
    }
    did(format_args!("20 appends, {held_back} times held back"));
}

pub(super) async fn g02_the_events_of_a_stream_are_in_the_order_of_the_stream<H: Harness>(place: H) {
    let handles = open_twice(&place).await;
    let seed = seed();
    let mut writers = Vec::new();
    for writer in 0..8 {
        let handle = handles[writer % 2].clone();
        let mut random = Random::new(seed + writer as u64);
        writers.push(tokio::spawn(async move { mixed(&handle, &mut random, 50).await.len() }));
    }
    let mut written = 0;
    for writer in writers {
        written += joined(writer).await;
    }
    let all = all(&handles[0]).await;
    assert_eq!(all.len(), written, "seed {seed}");
    let mut by_stream: HashMap<StreamId, Vec<Seen>> = HashMap::new();
    for seen in all {
        by_stream.entry(seen.stream.clone()).or_default().push(seen);
    }
    for (stream, of_it) in by_stream {
        assert_eq!(of_stream(&handles[1], &stream).await, of_it, "seed {seed}: `{stream}` in the order of the journal");
    }
    did(format_args!("{written} events by 8 writers, seed {seed}"));
}

/// Filters, those that let nothing through included.
fn filters() -> Vec<Filter> {
    let none = Filter::none;
    vec![
        Filter::all(),
        none().aggregate("account"),
        none().aggregate("acco_nt"),
        none().aggregate("accounts").aggregate("loan"),
        none().event("account", "opened"),
        none().event("account", "o_ened").event("account", "o%").event("loan", "Opened"),
        none().aggregate("loan").event("Account", "opened.v2"),
        none().event("loan", "opened").aggregate("loan"),
        none(),
        none().aggregate("%"),
        none().aggregate("acc"),
        none().event("account", "opene"),
        none().event("opened", "account"),
        Filter::all().of_slices(Slices::part(0, 2)),
        Filter::all().of_slices(Slices::part(6, 7)),
        Filter::all().of_slices(Slices::part(1, 1)),
        none().aggregate("account").of_slices(Slices::part(1, 2)),
    ]
}

pub(super) async fn g05_a_filter_gives_what_reading_everything_and_filtering_gives<H: Harness>(place: H) {
    let store = open(&place).await;
    let seed = seed();
    mixed(&store, &mut Random::new(seed), 150).await;
    let all = all(&store).await;
    for filter in filters() {
        let expected: Vec<_> =
            all.iter().filter(|seen| filter.lets_through_event(&seen.stream, &seen.event.name)).cloned().collect();
        for size in [1, 10, 1_000] {
            let found = after(&store, Position::START, &filter, PageSize::events(size)).await;
            assert_eq!(found, expected, "seed {seed}: {filter:?} in pages of {size}");
        }
        let middle = all[all.len() / 2].position;
        let found = after(&store, middle, &filter, PageSize::default()).await;
        let expected: Vec<_> = expected.into_iter().filter(|seen| seen.position > middle).collect();
        assert_eq!(found, expected, "seed {seed}: {filter:?} after {middle}");
    }
    did(format_args!("{} events, seed {seed}", all.len()));
}

pub(super) async fn g05_a_reader_whose_filter_lets_nothing_through_makes_progress<H: Harness>(place: H) {
    let store = open(&place).await;
    let seed = seed();
    mixed(&store, &mut Random::new(seed), 150).await;
    let head = store.head().await.unwrap();
    for filter in [Filter::none(), Filter::none().aggregate("nothing"), Filter::none().event("account", "nothing")] {
        for size in [1, 10, 1_000] {
            let mut next = Position::START;
            loop {
                let page = store.read_all(next, &filter, PageSize::events(size)).await.unwrap();
                assert!(page.is_empty());
                assert!(page.next() > next, "seed {seed}: a page of no events makes no progress after {next}");
                next = page.next();
                if !page.more() {
                    break;
                }
            }
            assert_eq!(next, head, "seed {seed}: a reader that has looked at all events is at the head");
        }
    }
}

pub(super) async fn g06_reading_on_from_each_position_in_turn_gives_the_rest<H: Harness>(place: H) {
    let store = open(&place).await;
    let seed = seed();
    mixed(&store, &mut Random::new(seed), 40).await;
    let all = all(&store).await;
    for (index, seen) in all.iter().enumerate() {
        let rest = after(&store, seen.position, &Filter::all(), PageSize::events(25)).await;
        assert_eq!(ids(&rest), ids(&all[index + 1..]), "seed {seed}: after position {}", seen.position);
        let page = store.read_all(Position::START, &Filter::all(), PageSize::events(index + 1)).await.unwrap();
        assert_eq!(page.next(), seen.position, "seed {seed}: a page of {} events ends at its last", index + 1);
        assert_eq!(page.more(), index + 1 < all.len());
    }
    did(format_args!("{} positions, seed {seed}", all.len()));
}
