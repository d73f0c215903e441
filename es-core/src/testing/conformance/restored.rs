//! S9 and S10: a snapshot that does not fit the journal costs a replay, and nothing else.

use super::counter::{Add, Counter};
use super::given::stream;
use super::harness::{Harness, open};
use super::seen::of_stream;
use crate::codec::{Codec as _, Json};
use crate::event::{EventId, Timestamp};
use crate::journal::Journal;
use crate::repository::{Repository, format_of, seal};
use crate::snapshot::{Snapshot, SnapshotStore};

/// A store with a counter to which 1 to 5 were added, and the state at each version.
async fn with_five_events<S: Journal + SnapshotStore + Clone>(store: &S) -> Vec<Counter> {
    let counters = Repository::<Counter, _>::new(store);
    let mut states = vec![Counter::default()];
    for number in 1..=5 {
        let outcome = counters.execute("a", Add(number)).await.expect("a counter counts");
        states.push((*outcome.state).clone());
    }
    assert_eq!(states[5], Counter { sum: 15, last: 5 });
    states
}

/// Loads with a repository that has nothing in its cache: at each version and as it is; then a command is executed.
async fn is_as_if_there_were_no_snapshot<S: Journal + SnapshotStore + Clone>(store: &S, states: &[Counter]) {
    loads_as_if_there_were_no_snapshot(store, states).await;
    let outcome = Repository::<Counter, S>::new(store).execute("a", Add(10)).await.expect("a counter counts on");
    assert_eq!((&*outcome.state, outcome.version), (&Counter { sum: 25, last: 10 }, 6));
}

async fn loads_as_if_there_were_no_snapshot<S: Journal + SnapshotStore + Clone>(store: &S, states: &[Counter]) {
    let fresh = || Repository::<Counter, S>::new(store);
    for (version, state) in (0..).zip(states) {
        let loaded = fresh().load("a").at_version(version).await.expect("the state of then is replayed");
        assert_eq!((&*loaded.state, loaded.version), (state, version));
    }
    let loaded = fresh().load("a").await.expect("the state is replayed");
    assert_eq!((&*loaded.state, loaded.version), (&states[5], 5));
}

/// A snapshot of the counter that would show, if it were used.
fn wrong(version: u64, event_id: EventId) -> Snapshot {
    Snapshot {
        stream: stream("counter", "a"),
        version,
        event_id,
        format: format_of::<Counter>(),
        taken_at: Timestamp::now(),
        payload: sealed(event_id, br#"{"sum":1000,"last":1000}"#),
    }
}

/// Makes a payload that cannot be trusted, for a snapshot after the event of this id.
type Damage = fn(EventId) -> Vec<u8>;

/// Another number in place of the 10.
fn changed(payload: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(payload).replace(":10,", ":20,").into_bytes()
}

fn sealed(event_id: EventId, state: &[u8]) -> Vec<u8> {
    let encode = |bytes: &mut Vec<u8>| {
        bytes.extend(state);
        Ok(())
    };
    seal(Json::FORMAT, event_id, encode).expect("nothing of it fails")
}

pub(super) async fn s09_a_snapshot_above_the_version_of_the_journal_is_ignored<H: Harness>(place: H) {
    let store = open(&place).await;
    let states = with_five_events(&store).await;
    for version in [6, 7, 1_000] {
        store.save_snapshot(wrong(version, EventId::new())).await.unwrap();
    }
    is_as_if_there_were_no_snapshot(&store, &states).await;
}

pub(super) async fn s09_a_snapshot_of_another_history_is_ignored<H: Harness>(place: H) {
    let store = open(&place).await;
    let states = with_five_events(&store).await;
    for version in [2, 4, 5] {
        // A journal that was put back and written on has another event at the snapshot's version.
        store.save_snapshot(wrong(version, EventId::new())).await.unwrap();
    }
    is_as_if_there_were_no_snapshot(&store, &states).await;
}

pub(super) async fn s10_a_corrupt_snapshot_costs_a_replay_and_is_no_error<H: Harness>(place: H) {
    let store = open(&place).await;
    let states = with_five_events(&store).await;
    let events = of_stream(&store, &stream("counter", "a")).await;
    // Bytes of something else; a state that does not decode; one that does, and is not what was written.
    let damages: [[Damage; 5]; 2] = [
        [
            |_| b"".to_vec(),
            |_| b"{\"sum\":10".to_vec(),
            |_| b"\xff\xfe".to_vec(),
            |_| b"[]".to_vec(),
            |id| sealed(id, b"[]"),
        ],
        [
            |id| sealed(id, b"{\"sum\":-1,\"last\":0}"),
            |_| b"{\"sum\":10,\"last\":0}".to_vec(),
            |id| changed(&sealed(id, b"{\"sum\":10,\"last\":0}")),
            |_| sealed(EventId::new(), b"{\"sum\":10,\"last\":0}"),
            |id| sealed(id, b"{\"sum\":10,\"last\":0}").split_off(1),
        ],
    ];
    for damages in damages {
        for (seen, damage) in events.iter().zip(damages) {
            let snapshot = Snapshot { payload: damage(seen.event.id), ..wrong(seen.version, seen.event.id) };
            store.save_snapshot(snapshot).await.unwrap();
        }
        loads_as_if_there_were_no_snapshot(&store, &states).await;
    }
    is_as_if_there_were_no_snapshot(&store, &states).await;
}

pub(super) async fn s10_a_snapshot_that_fits_is_used<H: Harness>(place: H) {
    let store = open(&place).await;
    with_five_events(&store).await;
    let events = of_stream(&store, &stream("counter", "a")).await;
    store.save_snapshot(wrong(4, events[3].event.id)).await.unwrap();
    let loaded = Repository::<Counter, _>::new(&store).load("a").await.unwrap();
    assert_eq!(
        (&*loaded.state, loaded.version),
        (&Counter { sum: 1_005, last: 5 }, 5),
        "the points before mean something"
    );
}
