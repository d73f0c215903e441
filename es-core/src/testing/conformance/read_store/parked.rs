//! R7, R8: events that fail, and events that are parked.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use super::ReadHarness;
use super::model::{Model, filled, shows};
use super::transactions::{LeaseOf, lease};
use crate::event::{EventId, Position, StreamId, Timestamp};
use crate::projection::{Ended, OnFailure, ParkedEvent, Projector, ReadStore, Work};
use crate::repository::Retry;

fn event(number: u64, error: Option<&str>) -> ParkedEvent {
    ParkedEvent {
        position: Position { epoch: number / 10, number },
        stream: StreamId::new("sum", &format!("stream \u{e9}' {number}")).expect("a stream that can be"),
        version: number,
        id: EventId::from_bytes([u8::try_from(number).unwrap_or(0); 16]),
        event: format!("added {number}"),
        error: error.map(str::to_owned),
        parked_at: Timestamp::from_micros(i64::try_from(number).unwrap_or(0)),
    }
}

async fn park<H: ReadHarness>(store: &H::Store, lease: &Arc<LeaseOf<H>>, events: Vec<ParkedEvent>, commit: bool) {
    let lease = Arc::clone(lease);
    let work: Work<_, ()> = Box::new(move |tx| {
        Box::pin(async move {
            for event in &events {
                H::Store::park(&lease, tx, event).await.expect("an event is parked");
            }
            if commit { Ended::Commit(()) } else { Ended::RollBack(()) }
        })
    });
    store.transact(work).await.expect("a transaction");
}

async fn unpark<H: ReadHarness>(store: &H::Store, lease: &Arc<LeaseOf<H>>, positions: RangeInclusive<Position>) {
    let lease = Arc::clone(lease);
    let work: Work<_, ()> = Box::new(move |tx| {
        Box::pin(async move {
            H::Store::unpark(&lease, tx, positions).await.expect("events are taken back");
            Ended::Commit(())
        })
    });
    store.transact(work).await.expect("a transaction");
}

async fn parked<H: ReadHarness>(
    store: &H::Store,
    lease: &Arc<LeaseOf<H>>,
    after: Position,
    limit: usize,
) -> Vec<ParkedEvent> {
    let lease = Arc::clone(lease);
    let work: Work<_, Vec<ParkedEvent>> = Box::new(move |tx| {
        Box::pin(async move {
            let found = H::Store::parked(&lease, tx, after, limit).await;
            Ended::RollBack(found.expect("the parked events"))
        })
    });
    store.transact(work).await.expect("a transaction")
}

pub(super) async fn r7_parked_events_come_back_in_their_order<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let model = lease::<H>(&store, "model").await;
    assert_eq!(parked::<H>(&store, &model, Position::START, 10).await, []);
    let all: Vec<_> = (1..=25).map(|number| event(number, (number % 3 == 0).then_some("it failed"))).collect();
    park::<H>(&store, &model, all.iter().rev().cloned().collect(), true).await;
    park::<H>(&store, &model, vec![event(99, None)], false).await;
    assert_eq!(parked::<H>(&store, &model, Position::START, 100).await, all);
    let mut found = Vec::new();
    loop {
        let after = found.last().map_or(Position::START, |event: &ParkedEvent| event.position);
        let page = parked::<H>(&store, &model, after, 4).await;
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, all);
    // One that is there already is replaced.
    park::<H>(&store, &model, vec![event(5, Some("again"))], true).await;
    assert_eq!(parked::<H>(&store, &model, all[3].position, 1).await, [event(5, Some("again"))]);
    unpark::<H>(&store, &model, all[4].position..=all[11].position).await;
    let left = parked::<H>(&store, &model, Position::START, 100).await;
    assert!(left.iter().eq(all[..4].iter().chain(&all[12..])), "{left:?}");
    unpark::<H>(&store, &model, Position::START..=Position { epoch: u64::MAX, number: u64::MAX }).await;
    assert_eq!(parked::<H>(&store, &model, Position::START, 100).await, []);
}

pub(super) async fn r7_parked_events_are_those_of_one_projection<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let (one, two) = (lease::<H>(&store, "one").await, lease::<H>(&store, "two").await);
    park::<H>(&store, &one, vec![event(1, None), event(2, None)], true).await;
    park::<H>(&store, &two, vec![event(2, Some("another"))], true).await;
    unpark::<H>(&store, &one, event(2, None).position..=event(2, None).position).await;
    assert_eq!(parked::<H>(&store, &one, Position::START, 10).await, [event(1, None)]);
    assert_eq!(parked::<H>(&store, &two, Position::START, 10).await, [event(2, Some("another"))]);
}

pub(super) async fn r8_an_event_that_fails_leaves_nothing_of_itself<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let journal = filled(30).await;
    for panics in [false, true] {
        let failing = Arc::new(Mutex::new(BTreeSet::from(["carol".to_owned()])));
        let model = Model::<H>::failing(Arc::clone(&failing), panics);
        let handle = Projector::new(&journal, &store, model).retry(Retry::NEVER).spawn();
        handle.wait_for(Position::new(30)).await.unwrap_err();
        shows(&place, &store, 2).await;
        failing.lock().expect("nobody panics with it").clear();
        handle.resume().await.unwrap();
        handle.wait_for(Position::new(30)).await.unwrap();
        shows(&place, &store, 30).await;
        handle.rebuild().await.unwrap();
        shows(&place, &store, 30).await;
        handle.stop().await.unwrap();
        let mut again = Projector::new(&journal, &store, Model::<H, 2>::new());
        again.run_to_head().await.unwrap();
    }
}

pub(super) async fn r8_a_parked_event_holds_up_its_stream_alone_until_it_is_replayed<H: ReadHarness>(place: H) {
    let store = place.open().await;
    let journal = filled(30).await;
    let failing = Arc::new(Mutex::new(BTreeSet::from(["bob".to_owned()])));
    let model = Model::<H>::failing(Arc::clone(&failing), false);
    let projector = Projector::new(&journal, &store, model).retry(Retry::NEVER).on_failure(OnFailure::Park);
    let handle = projector.spawn();
    handle.wait_for(Position::new(30)).await.unwrap();
    let table = place.table(&store).await.expect("a table");
    assert_eq!((table["count"], table.get("sum of bob")), (20, None));
    assert_eq!(handle.status().parked_streams, 1);
    let replayed = handle.replay_parked().await.unwrap();
    assert_eq!((replayed.replayed, replayed.still_parked), (0, 10));
    failing.lock().expect("nobody panics with it").clear();
    let replayed = handle.replay_parked().await.unwrap();
    assert_eq!((replayed.replayed, replayed.still_parked), (10, 0));
    let table = place.table(&store).await.expect("a table");
    assert_eq!((table["count"], table["sum of bob"]), (30, (1..30).step_by(3).sum()));
    // In the order of the stream.
    let order: Vec<_> = (2..=30).step_by(3).map(|number| table[&format!("event {number}")]).collect();
    assert!(order.is_sorted(), "{order:?}");
    handle.stop().await.unwrap();
}
