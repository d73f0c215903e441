//! G7: an append over several streams is one thing.

use std::collections::HashMap;

use super::given::{accepted, account, append, events, part, refused, to};
use super::harness::{Harness, did, joined, open, open_twice};
use super::seen::{all, of_stream};
use crate::event::{EventId, Position};
use crate::journal::{Append, AppendError, ExpectedVersion, Filter, Journal, PageSize};

const APPENDS: u64 = 500;

pub(super) async fn g07_an_append_over_several_streams_is_visible_at_once_or_not_at_all<H: Harness>(place: H) {
    let handles = open_twice(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    let mut watchers = Vec::new();
    for (first, second) in [(&alice, &bob), (&bob, &alice)] {
        for handle in &handles {
            let (first, second, journal) = (first.clone(), second.clone(), handle.clone());
            watchers.push(tokio::spawn(async move {
                let mut looks = 0;
                loop {
                    // What is read second is read later, so it cannot be less.
                    let earlier = journal.version(&first).await.unwrap();
                    let later = journal.version(&second).await.unwrap();
                    assert!(later >= earlier, "`{first}` had {earlier} events when `{second}` had {later}");
                    let earlier = of_stream(&journal, &first).await.len() as u64;
                    let page = journal.read_stream(&second, earlier..=earlier, PageSize::default()).await.unwrap();
                    let there = page.len() as u64;
                    assert_eq!(there, earlier.min(1), "`{first}` had {earlier} events and `{second}` had fewer");
                    looks += 1;
                    if earlier == APPENDS {
                        return looks;
                    }
                    tokio::task::yield_now().await;
                }
            }));
        }
    }
    let whole = tokio::spawn({
        let journal = handles[1].clone();
        async move {
            let mut next = Position::START;
            let mut seen: HashMap<u64, u64> = HashMap::new();
            while seen.len() as u64 != APPENDS {
                journal.wait(next).await.unwrap();
                let page = journal.read_all(next, &Filter::all(), PageSize::default()).await.unwrap();
                for event in &page {
                    *seen.entry(event.version).or_default() += 1;
                }
                let half = seen.iter().find(|(_, events)| **events != 2);
                assert_eq!(half, None, "a page had half of an append, though it had room for more");
                next = page.next();
            }
        }
    });
    for version in 0..APPENDS {
        let expected = ExpectedVersion::Exact(version);
        let both = Append { streams: vec![part(&alice, expected, events(1)), part(&bob, expected, events(1))] };
        accepted(&handles[0], both).await;
        tokio::task::yield_now().await;
    }
    let mut looks = 0;
    for watcher in watchers {
        looks += joined(watcher).await;
    }
    joined(whole).await;
    did(format_args!("{APPENDS} appends, {looks} looks"));
}

pub(super) async fn g07_the_streams_of_an_append_are_answered_in_its_order<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob, carol) = (account("alice"), account("bob"), account("carol"));
    append(&store, &bob, events(5)).await;
    append(&store, &carol, events(1)).await;
    let streams = vec![
        part(&bob, ExpectedVersion::Exact(5), events(2)),
        part(&carol, ExpectedVersion::Exact(1), Vec::new()),
        part(&alice, ExpectedVersion::NoStream, events(3)),
    ];
    let ids: Vec<Vec<EventId>> =
        streams.iter().map(|part| part.events.iter().map(|event| event.id).collect()).collect();
    let appended = accepted(&store, Append { streams }).await;
    let versions: Vec<_> = appended.streams.iter().map(|stream| stream.versions.clone()).collect();
    assert_eq!(versions, [Some(6..=7), None, Some(1..=3)]);
    assert_eq!(appended.streams[1].position, Position::START);
    let (of_bob, of_alice) = (of_stream(&store, &bob).await, of_stream(&store, &alice).await);
    assert_eq!(super::seen::ids(&of_bob[5..]), ids[0]);
    assert_eq!(super::seen::ids(&of_alice), ids[2]);
    assert_eq!(
        (of_bob[6].position, of_alice[2].position),
        (appended.streams[0].position, appended.streams[2].position)
    );
    assert_eq!(appended.position, of_bob[6].position.max(of_alice[2].position));
    assert_eq!(of_stream(&store, &carol).await.len(), 1);
}

pub(super) async fn g07_a_conflict_in_one_stream_writes_nothing_to_any<H: Harness>(place: H) {
    let store = open(&place).await;
    let streams = ["alice", "bob", "carol"].map(account);
    append(&store, &streams[1], events(2)).await;
    for wrong in 0..3 {
        for is_only_checked in [false, true] {
            let parts = streams.iter().enumerate().map(|(index, stream)| match index == wrong {
                true if is_only_checked => part(stream, ExpectedVersion::Exact(7), Vec::new()),
                true => part(stream, ExpectedVersion::Exact(7), events(1)),
                false => part(stream, ExpectedVersion::Any, events(2)),
            });
            match refused(&store, Append { streams: parts.collect() }).await {
                AppendError::Conflict { stream, expected, actual } => {
                    assert_eq!((&stream, expected), (&streams[wrong], ExpectedVersion::Exact(7)));
                    assert_eq!(actual, store.version(&stream).await.unwrap());
                }
                other => panic!("a conflict in stream {wrong} of 3 gave: {other}"),
            }
        }
    }
}

pub(super) async fn g07_a_stream_that_is_only_checked_is_not_written<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob, carol) = (account("alice"), account("bob"), account("carol"));
    append(&store, &bob, events(2)).await;
    for version in 0..3 {
        let streams = vec![
            part(&carol, ExpectedVersion::NoStream, Vec::new()),
            part(&alice, ExpectedVersion::Exact(version), events(1)),
            part(&bob, ExpectedVersion::Exact(2), Vec::new()),
        ];
        accepted(&store, Append { streams }).await;
    }
    assert_eq!(of_stream(&store, &bob).await.len(), 2);
    assert_eq!((store.version(&carol).await.unwrap(), of_stream(&store, &carol).await), (0, Vec::new()));
    assert_eq!(all(&store).await.len(), 5);
    accepted(&store, to(&carol, ExpectedVersion::NoStream, events(1))).await;
}

pub(super) async fn g07_a_stream_stands_once_in_an_append<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    for (first, second) in [(1, 1), (1, 0), (0, 1)] {
        let streams = vec![
            part(&alice, ExpectedVersion::Any, events(first)),
            part(&account("bob"), ExpectedVersion::Any, events(1)),
            part(&alice, ExpectedVersion::Any, events(second)),
        ];
        let error = refused(&store, Append { streams }).await;
        assert!(matches!(&error, AppendError::Invalid { stream, .. } if *stream == alice), "{error}");
    }
}
