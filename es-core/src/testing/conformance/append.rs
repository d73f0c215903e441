//! J5 to J7: an append is written as a whole, on the version that it expects.

use std::sync::Arc;

use super::given::{account, append, event, events, of_command, part, refused, to};
use super::harness::{Harness, joined, open};
use super::seen::{all, ids, of_stream};
use crate::event::{Clock, CommandId, ManualClock, Position, Timestamp};
use crate::journal::{Append, AppendError, ExpectedVersion, Journal, NewEvent, limits};

/// A clock that has moved on each time that it is read.
#[derive(Debug)]
struct Restless(ManualClock);

impl Clock for Restless {
    fn now(&self) -> Timestamp {
        self.0.advance(std::time::Duration::from_millis(1));
        self.0.now()
    }
}

pub(super) async fn j05_the_events_of_one_append_are_contiguous_and_share_one_recorded_time<H: Harness>(place: H) {
    let clock = Restless(ManualClock::at(Timestamp::UNIX_EPOCH));
    let store = place.open(Arc::new(clock)).await;
    let (alice, bob) = (account("alice"), account("bob"));
    let writers = (0..8).map(|_| {
        let (store, alice, bob) = (store.clone(), alice.clone(), bob.clone());
        tokio::spawn(async move {
            let mut written = Vec::new();
            for _ in 0..10 {
                let (first, second) = (events(7), events(3));
                let appended = super::given::accepted(
                    &store,
                    Append {
                        streams: vec![
                            part(&alice, ExpectedVersion::Any, first.clone()),
                            part(&bob, ExpectedVersion::Any, second.clone()),
                        ],
                    },
                )
                .await;
                written.push((first, second, appended));
            }
            written
        })
    });
    let mut written = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        written.extend(joined(writer).await);
    }

    let (of_alice, of_bob) = (of_stream(&store, &alice).await, of_stream(&store, &bob).await);
    assert_eq!((of_alice.len(), of_bob.len()), (560, 240));
    for (first, second, appended) in written {
        for (stream, events, seen) in [(0, first, &of_alice), (1, second, &of_bob)] {
            let versions = appended.streams[stream].versions.clone().expect("events were written");
            let [start, end] = [*versions.start() - 1, *versions.end()].map(|index| usize::try_from(index).unwrap());
            let seen = &seen[start..end];
            assert_eq!(ids(seen), events.iter().map(|event| event.id).collect::<Vec<_>>());
            assert_eq!(seen.last().expect("events were written").position, appended.streams[stream].position);
            for seen in seen {
                assert_eq!(seen.recorded_at, appended.recorded_at, "{seen:?}");
            }
        }
    }
}

pub(super) async fn j05_when_one_event_of_an_append_cannot_be_stored_none_is<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    let there = event(0);
    append(&store, &bob, vec![there.clone()]).await;
    let faults: [(&str, NewEvent); 4] = [
        ("a payload that is too large", NewEvent { payload: vec![b'1'; limits::EVENT_BYTES + 1], ..event(0) }),
        ("an id that is in the journal", NewEvent { id: there.id, ..event(0) }),
        ("no name", NewEvent { name: "".into(), ..event(0) }),
        ("version 0", NewEvent { version: 0, ..event(0) }),
    ];
    let command = CommandId::new();
    for (fault, bad) in faults {
        for k in 0..5 {
            let mut events: Vec<_> = events(5).into_iter().map(|event| of_command(command, event)).collect();
            events[k] = bad.clone();
            let error = refused(&store, to(&alice, ExpectedVersion::Any, events.clone())).await;
            let right = match fault {
                "a payload that is too large" => matches!(error, AppendError::TooLarge { .. }),
                "an id that is in the journal" => matches!(error, AppendError::DuplicateEvent { .. }),
                _ => matches!(error, AppendError::Invalid { .. }),
            };
            assert!(right, "event {k} with {fault} gave: {error}");
            let of_two = Append {
                streams: vec![
                    part(&bob, ExpectedVersion::Any, super::given::events(2)),
                    part(&alice, ExpectedVersion::Any, events.clone()),
                ],
            };
            refused(&store, of_two).await;
            assert_eq!(store.find_command(&alice, command).await.unwrap(), None);
            // The ids of the others are free still.
            events.remove(k);
            let other = account(&format!("after {fault} at {k}"));
            append(&store, &other, events).await;
        }
    }
}

pub(super) async fn j05_an_event_id_stands_once_in_an_append<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    let twice = event(0);
    let error = refused(&store, to(&alice, ExpectedVersion::Any, vec![twice.clone(), event(1), twice.clone()])).await;
    assert!(matches!(error, AppendError::Invalid { .. }), "{error}");
    let streams = vec![
        part(&alice, ExpectedVersion::Any, vec![twice.clone()]),
        part(&bob, ExpectedVersion::Any, vec![twice.clone()]),
    ];
    let error = refused(&store, Append { streams }).await;
    assert!(matches!(error, AppendError::Invalid { .. }), "{error}");
}

pub(super) async fn j06_an_append_of_no_events_writes_nothing_and_says_so<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    let nothing = store.append(Append::default()).await.unwrap();
    assert_eq!((nothing.streams.len(), nothing.position, nothing.repeated), (0, Position::START, false));
    append(&store, &alice, events(3)).await;
    let before = all(&store).await;
    for (stream, expected) in [
        (&alice, ExpectedVersion::Any),
        (&alice, ExpectedVersion::Exact(3)),
        (&bob, ExpectedVersion::NoStream),
        (&bob, ExpectedVersion::Any),
    ] {
        let nothing = store.append(to(stream, expected, Vec::new())).await.unwrap();
        assert_eq!(nothing.streams.len(), 1);
        assert_eq!(nothing.streams[0].versions, None);
        assert_eq!((nothing.streams[0].position, nothing.position), (Position::START, Position::START));
        assert!(!nothing.repeated);
    }
    assert_eq!(all(&store).await, before);
    assert_eq!(store.version(&bob).await.unwrap(), 0);
}

pub(super) async fn j06_an_append_of_no_events_checks_the_versions_that_it_expects<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    append(&store, &alice, events(3)).await;
    for expected in [ExpectedVersion::NoStream, ExpectedVersion::Exact(2), ExpectedVersion::Exact(4)] {
        let error = refused(&store, to(&alice, expected, Vec::new())).await;
        assert!(matches!(error, AppendError::Conflict { actual: 3, .. }), "{expected:?} gave: {error}");
    }
}

pub(super) async fn j07_an_append_is_written_when_the_stream_has_the_expected_version<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    for (expected, version) in [
        (ExpectedVersion::NoStream, 1),
        (ExpectedVersion::Any, 2),
        (ExpectedVersion::Exact(2), 3),
        (ExpectedVersion::Any, 4),
        (ExpectedVersion::Exact(4), 5),
    ] {
        let appended = super::given::accepted(&store, to(&alice, expected, events(1))).await;
        assert_eq!(appended.streams[0].versions, Some(version..=version), "{expected:?}");
    }
    for (id, expected) in [("bob", ExpectedVersion::Any), ("carol", ExpectedVersion::Exact(0))] {
        let appended = super::given::accepted(&store, to(&account(id), expected, events(2))).await;
        assert_eq!(appended.streams[0].versions, Some(1..=2), "{expected:?} of a stream that is not there");
    }
}

pub(super) async fn j07_a_wrong_expectation_is_a_conflict_that_names_the_stream_and_both_versions<H: Harness>(
    place: H,
) {
    let store = open(&place).await;
    append(&store, &account("alice"), events(3)).await;
    for (id, actual, wrong) in [
        ("alice", 3, ExpectedVersion::NoStream),
        ("alice", 3, ExpectedVersion::Exact(0)),
        ("alice", 3, ExpectedVersion::Exact(2)),
        ("alice", 3, ExpectedVersion::Exact(4)),
        ("alice", 3, ExpectedVersion::Exact(u64::MAX)),
        ("bob", 0, ExpectedVersion::Exact(1)),
        ("bob", 0, ExpectedVersion::Exact(u64::MAX)),
    ] {
        match refused(&store, to(&account(id), wrong, events(2))).await {
            AppendError::Conflict { stream, expected, actual: found } => {
                assert_eq!((stream, expected, found), (account(id), wrong, actual));
            }
            other => panic!("{wrong} of `account/{id}`, which has version {actual}, gave: {other}"),
        }
    }
}
