//! G9: a page is bounded, so that a stream of any length is read in constant memory.

use super::given::{Random, account, append, bytes, events, seed};
use super::harness::{Harness, did, open};
use super::seen::{after, all, of_stream, of_stream_by};
use crate::event::Position;
use crate::journal::{Filter, Journal, Page, PageSize};

/// Checks that a page is within its bounds: the first event always fits.
fn is_bounded(page: &Page, size: PageSize) {
    assert!(page.len() <= size.events, "{} events in a page of {size:?}", page.len());
    let bytes: usize = page.iter().map(|event| event.payload.bytes.len()).sum();
    assert!(bytes <= size.bytes || page.len() == 1, "{bytes} bytes in {} events of a page of {size:?}", page.len());
}

pub(super) async fn g09_a_page_is_bounded_in_events_and_in_bytes_and_reading_on_gives_the_rest<H: Harness>(place: H) {
    let store = open(&place).await;
    let seed = seed();
    let mut random = Random::new(seed);
    let streams = [account("alice"), account("bob")];
    for _ in 0..60 {
        let events = (0..=random.below(4)).map(|_| bytes(vec![7; random.index(300)])).collect();
        append(&store, random.pick(&streams), events).await;
    }
    let everything = all(&store).await;
    let mut pages = 0;
    for (most_events, most_bytes) in
        [(1, 1_000), (2, 0), (7, 1), (1_000, 300), (1_000, 299), (1_000, 1_000), (3, 100_000), (usize::MAX, usize::MAX)]
    {
        let size = PageSize { events: most_events, bytes: most_bytes };
        for stream in &streams {
            let whole = of_stream(&store, stream).await;
            assert_eq!(of_stream_by(&store, stream, size).await, whole, "seed {seed}: `{stream}` in pages of {size:?}");
            for first in 1..=whole.len() as u64 {
                let page = store.read_stream(stream, first..=u64::MAX, size).await.unwrap();
                assert!(!page.is_empty(), "seed {seed}: the first event fits a page of {size:?}");
                is_bounded(&page, size);
                let rest = whole.len() as u64 + 1 - first;
                assert_eq!(page.more(), (page.len() as u64) < rest, "seed {seed}: whether `{stream}` has more");
                pages += 1;
            }
        }
        let found = after(&store, Position::START, &Filter::all(), size).await;
        assert_eq!(found, everything, "seed {seed}: everything in pages of {size:?}");
        for (index, seen) in everything.iter().enumerate() {
            let page = store.read_all(seen.position, &Filter::all(), size).await.unwrap();
            is_bounded(&page, size);
            let rest = everything.len() - index - 1;
            assert_eq!(page.is_empty(), rest == 0, "seed {seed}: the first event fits a page of {size:?}");
            assert_eq!(page.more(), page.len() < rest, "seed {seed}: whether there is more after {}", seen.position);
            pages += 1;
        }
    }
    did(format_args!("{} events in {pages} pages, seed {seed}", everything.len()));
}

pub(super) async fn g09_an_event_larger_than_a_page_is_a_page_of_its_own<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    append(&store, &alice, vec![bytes(vec![1; 100_000]), bytes(vec![2; 10]), bytes(vec![3; 100_000])]).await;
    let size = PageSize { events: 10, bytes: 1_000 };
    for (version, more) in [(1, true), (2, true), (3, false)] {
        let page = store.read_stream(&alice, version..=u64::MAX, size).await.unwrap();
        let found: Vec<_> = page.iter().map(|event| event.version).collect();
        assert_eq!((found, page.more()), (vec![version], more));
    }
    assert_eq!(after(&store, Position::START, &Filter::all(), size).await.len(), 3);
}

pub(super) async fn g09_a_stream_of_5000_events_is_read_page_by_page<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    for _ in 0..10 {
        append(&store, &alice, events(500)).await;
        append(&store, &bob, events(1)).await;
    }
    for size in [PageSize::events(64), PageSize { events: 10_000, bytes: 3_000 }] {
        assert_eq!(of_stream_by(&store, &alice, size).await.len(), 5_000);
        assert_eq!(after(&store, Position::START, &Filter::all(), size).await.len(), 5_010);
    }
}
