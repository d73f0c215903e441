//! J14: what was written is there when the store is opened again.

use std::sync::Arc;

use super::given::{Random, accepted, account, append, event, events, mixed, of_command, refused, seed, to};
use super::harness::{Harness, does_not_apply, open};
use super::seen::{all, of_stream};
use crate::event::{CommandId, ManualClock, SystemClock, Timestamp};
use crate::journal::{AppendError, Appended, ExpectedVersion, Journal};
use crate::snapshot::SnapshotStore;

pub(super) async fn j14_two_journals_have_two_ids<H: Harness>(place: H) {
    let other = H::create().await;
    let (first, second) = (open(&place).await, open(&other).await);
    assert_ne!(first.id(), second.id());
    assert_eq!(first.id(), first.clone().id());
    append(&first, &account("alice"), events(3)).await;
    assert_eq!(all(&second).await, [], "an event of one journal is in another");
}

pub(super) async fn j14_a_store_that_is_opened_again_is_as_it_was<H: Harness>(place: H) {
    let seed = seed();
    let alice = account("alice");
    let command = CommandId::new();
    let written = to(&alice, ExpectedVersion::NoStream, vec![event(1), of_command(command, event(2))]);

    let store = open(&place).await;
    let id = store.id();
    let first = accepted(&store, written.clone()).await;
    mixed(&store, &mut Random::new(seed), 100).await;
    let snapshot = super::snapshots::snapshot(&alice, 2, "json");
    store.save_snapshot(snapshot.clone()).await.unwrap();
    let before = all(&store).await;
    let head = store.head().await.unwrap();
    let streams: std::collections::BTreeSet<_> = before.iter().map(|seen| seen.stream.clone()).collect();
    drop(store);

    for _ in 0..2 {
        let Some(store) = place.open_again(Arc::new(SystemClock)).await else {
            return does_not_apply("J14", "the store ends with its last handle");
        };
        assert_eq!(store.id(), id);
        assert_eq!(all(&store).await, before, "seed {seed}");
        assert_eq!((store.head().await.unwrap(), store.wait(before[0].position).await.unwrap()), (head, head));
        for stream in &streams {
            let of_it: Vec<_> = before.iter().filter(|seen| seen.stream == *stream).cloned().collect();
            assert_eq!(of_stream(&store, stream).await, of_it, "seed {seed}");
            assert_eq!(store.version(stream).await.unwrap(), of_it.len() as u64);
            assert_eq!(store.version_at(stream, Timestamp::MAX).await.unwrap(), of_it.len() as u64);
        }
        assert_eq!(store.find_command(&alice, command).await.unwrap(), Some(2..=2));
        assert_eq!(accepted(&store, written.clone()).await, Appended { repeated: true, ..first.clone() });
        let duplicate = vec![event(9), written.streams[0].events[0].clone()];
        let error = refused(&store, to(&alice, ExpectedVersion::Any, duplicate)).await;
        assert!(matches!(error, AppendError::DuplicateEvent { .. }), "{error}");
        let error = refused(&store, to(&alice, ExpectedVersion::NoStream, events(1))).await;
        assert!(matches!(error, AppendError::Conflict { actual: 2, .. }), "{error}");
        assert_eq!(store.load_snapshot(&alice, u64::MAX, "json").await.unwrap(), Some(snapshot.clone()));
    }
}

pub(super) async fn j14_a_store_that_is_opened_again_goes_on_where_it_ended<H: Harness>(place: H) {
    let noon: Timestamp = "2026-11-23T12:00:00Z".parse().expect("a time");
    let alice = account("alice");
    let mut last = append(&place.open(Arc::new(ManualClock::at(noon))).await, &alice, events(3)).await;
    for round in 1..=3 {
        // A clock that goes back, from one opening to the next.
        let clock = ManualClock::at(noon - std::time::Duration::from_secs(60 * round));
        let Some(store) = place.open_again(Arc::new(clock)).await else {
            return does_not_apply("J14", "the store ends with its last handle");
        };
        let version = store.version(&alice).await.unwrap();
        let next = accepted(&store, to(&alice, ExpectedVersion::Exact(version), events(3))).await;
        assert_eq!(next.streams[0].versions, Some(version + 1..=version + 3));
        assert!(next.position > last.position, "position {} after {}", next.position, last.position);
        assert!(next.recorded_at >= last.recorded_at, "recorded at {} after {}", next.recorded_at, last.recorded_at);
        last = next;
    }
}
