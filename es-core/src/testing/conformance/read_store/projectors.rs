//! R2, R3, R4: projectors.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::given::{Random, seed};
use super::super::harness::{did, joined, soak};
use super::ReadHarness;
use super::model::{Model, add, filled, shows};
use crate::event::Position;
use crate::journal::Journal;
use crate::projection::{BatchSize, Projector, ProjectorError, ProjectorHandle, ProjectorState, ReadStore};
use crate::repository::Retry;

type Handle<H> = ProjectorHandle<Model<H>>;

async fn reaches<H: ReadHarness>(handle: &Handle<H>, state: ProjectorState) {
    let mut changes = handle.changes();
    while handle.status().state != state {
        changes.next().await.expect("the projector runs");
    }
}

pub(super) async fn r2_each_event_is_projected_once_and_in_order_though_projectors_end_at_any_moment<H: ReadHarness>(
    place: H,
) {
    let store = place.open().await;
    let events = 3_000;
    let journal = filled(events).await;
    let seed = seed();
    let mut random = Random::new(seed);
    let ends = if soak() { 2_000 } else { 100 };
    let mut within = 0;
    for round in 0..ends {
        let size = BatchSize { events: [1, 7, 64][round % 3], time: Duration::from_millis(2) };
        let projector = Projector::new(&journal, &store, Model::<H>::new()).batch(size);
        let handle = projector.handle();
        // A task that is aborted drops its projector wherever it waits; the transaction in hand goes on to its end.
        let task = tokio::spawn(projector.run());
        tokio::time::sleep(Duration::from_micros(random.below(3_000))).await;
        task.abort();
        assert!(task.await.is_err() || handle.status().state == ProjectorState::Stopped);
        within += usize::from(handle.status().position < Position::new(events.unsigned_abs()));
    }
    Projector::new(&journal, &store, Model::<H>::new()).spawn().wait_for(journal.head().await.unwrap()).await.unwrap();
    shows(&place, &store, events).await;
    did(format_args!("{ends} projectors ended, {within} of them in the midst of it, {events} events, seed {seed}"));
}

pub(super) async fn r3_a_lease_is_one_projectors_until_it_is_dropped<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let others = place.open_again().await.unwrap_or_else(|| store.clone());
    for _ in 0..20 {
        let lease = store.lease("model").await.unwrap().expect("nobody has it");
        assert!(store.lease("model").await.unwrap().is_none(), "two have the lease");
        assert!(others.lease("model").await.unwrap().is_none(), "two have the lease");
        let other = others.lease("other").await.unwrap();
        assert!(other.is_some(), "another projection has a lease of its own");
        drop(lease);
        let lease = others.lease("model").await.unwrap();
        assert!(lease.is_some(), "the lease was given back");
    }
}

pub(super) async fn r3_of_two_projectors_the_second_waits_and_then_goes_on<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let others = place.open_again().await.unwrap_or_else(|| store.clone());
    let journal = filled(30).await;
    let first = Projector::new(&journal, &store, Model::<H>::new()).spawn();
    first.wait_for(Position::new(30)).await.unwrap();
    let second = Projector::new(&journal, &others, Model::<H>::new()).spawn();
    reaches::<H>(&second, ProjectorState::Waiting).await;
    let refused = Projector::new(&journal, &others, Model::<H>::new()).run_to_head().await;
    assert!(matches!(refused, Err(ProjectorError::Held { .. })), "{refused:?}");
    for by in 30..60 {
        add(&journal, ["alice", "bob", "carol"][by % 3], i64::try_from(by).unwrap_or(0)).await;
    }
    first.wait_for(Position::new(60)).await.unwrap();
    assert_eq!(second.status().state, ProjectorState::Waiting);
    first.stop().await.unwrap();
    second.wait_for(Position::new(60)).await.unwrap();
    shows(&place, &others, 60).await;
    second.stop().await.unwrap();
}

pub(super) async fn r4_waiting_for_a_position_ends_when_the_read_model_shows_it<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let journal = filled(3).await;
    let handle = Projector::new(&journal, &store, Model::<H>::new()).spawn();
    handle.wait_for(Position::new(3)).await.unwrap();
    shows(&place, &store, 3).await;
    for by in 3..60_i64 {
        let stream = ["alice", "bob", "carol"][usize::try_from(by % 3).unwrap_or(0)];
        let waiting = tokio::spawn({
            let handle = handle.clone();
            async move { handle.wait_for(Position::new(by.unsigned_abs() + 1)).await }
        });
        if by % 10 == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(!waiting.is_finished(), "what was waited for was not yet in the journal");
        add(&journal, stream, by).await;
        joined(waiting).await.unwrap();
        shows(&place, &store, by + 1).await;
    }
    handle.stop().await.unwrap();
}

pub(super) async fn r4_a_projector_that_waits_for_another_shows_how_far_that_one_is<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let others = place.open_again().await.unwrap_or_else(|| store.clone());
    let journal = filled(30).await;
    let first = Projector::new(&journal, &store, Model::<H>::new()).spawn();
    first.wait_for(Position::new(30)).await.unwrap();
    let second = Projector::new(&journal, &others, Model::<H>::new()).spawn();
    reaches::<H>(&second, ProjectorState::Waiting).await;
    for by in 30..40_i64 {
        let position = Position::new(by.unsigned_abs());
        second.wait_for(position).await.unwrap();
        shows(&place, &others, by).await;
        first.pause().await.unwrap();
        add(&journal, ["alice", "bob", "carol"][usize::try_from(by % 3).unwrap_or(0)], by).await;
        tokio::task::yield_now().await;
        assert_eq!(second.status().position, position, "the read model does not show more");
        first.resume().await.unwrap();
    }
    assert_eq!(second.status().state, ProjectorState::Waiting);
    first.stop().await.unwrap();
    second.stop().await.unwrap();
}

pub(super) async fn r4_waiting_ends_with_an_error_when_the_projector_fails_or_stops<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let journal = filled(30).await;
    let failing = Arc::new(Mutex::new(BTreeSet::from(["bob".to_owned()])));
    let model = Model::<H>::failing(failing, false);
    let handle = Projector::new(&journal, &store, model).retry(Retry::NEVER).spawn();
    let error = handle.wait_for(Position::new(30)).await.unwrap_err();
    assert!(matches!(error, ProjectorError::Event { position, .. } if position == Position::new(2)), "{error}");
    handle.wait_for(Position::new(1)).await.expect("what comes before it is shown");
    shows(&place, &store, 1).await;
    assert!(handle.stop().await.is_err(), "the error that it had failed with");

    let handle = Projector::new(&journal, &store, Model::<H>::new()).spawn();
    handle.wait_for(Position::new(30)).await.unwrap();
    let waiting = tokio::spawn({
        let handle = handle.clone();
        async move { handle.wait_for(Position::new(31)).await }
    });
    tokio::task::yield_now().await;
    handle.stop().await.unwrap();
    assert!(matches!(joined(waiting).await, Err(ProjectorError::Stopped { .. })));
}
