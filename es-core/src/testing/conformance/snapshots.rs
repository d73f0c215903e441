//! S1 to S8: snapshots are kept by stream, version and format.

use super::given::{account, stream};
use super::harness::{Harness, open};
use crate::event::{EventId, StreamId, Timestamp};
use crate::snapshot::{Snapshot, SnapshotStore};

/// A snapshot whose payload says of what it is.
pub(super) fn snapshot(stream: &StreamId, version: u64, format: &str) -> Snapshot {
    Snapshot {
        stream: stream.clone(),
        version,
        event_id: EventId::new(),
        format: format.to_owned(),
        taken_at: Timestamp::from_micros(1_795_000_000_123_456),
        payload: format!("{{\"of\":\"{}#{version}\"}}", stream.as_str()).into_bytes(),
    }
}

/// Saves snapshots of a stream at some versions, in their order here.
async fn save<S: SnapshotStore>(store: &S, stream: &StreamId, versions: &[u64]) -> Vec<Snapshot> {
    let mut saved = Vec::new();
    for version in versions {
        let snapshot = snapshot(stream, *version, "json");
        store.save_snapshot(snapshot.clone()).await.expect("the store saves snapshots");
        saved.push(snapshot);
    }
    saved
}

async fn newest<S: SnapshotStore>(store: &S, stream: &StreamId, up_to: u64) -> Option<Snapshot> {
    store.load_snapshot(stream, up_to, "json").await.expect("the store loads snapshots")
}

/// The versions of a stream's snapshots, ascending.
async fn versions<S: SnapshotStore>(store: &S, stream: &StreamId) -> Vec<u64> {
    let mut versions = Vec::new();
    let mut up_to = Some(u64::MAX);
    while let Some(snapshot) = newest(store, stream, up_to.unwrap_or(0)).await {
        versions.insert(0, snapshot.version);
        up_to = snapshot.version.checked_sub(1);
    }
    versions
}

pub(super) async fn s01_there_is_no_snapshot_of_an_unknown_stream<H: Harness>(place: H) {
    let store = open(&place).await;
    save(&store, &account("bob"), &[1]).await;
    for unknown in [account("alice"), account("Bob"), account("bob "), account("%"), stream("loan", "bob")] {
        assert_eq!(newest(&store, &unknown, u64::MAX).await, None, "{unknown}");
    }
}

pub(super) async fn s02_the_newest_of_several_snapshots_is_loaded<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    save(&store, &bob, &[900]).await;
    // Not in the order of their versions: what was saved last is not the newest.
    let saved = save(&store, &alice, &[10, 300, 20]).await;
    assert_eq!(newest(&store, &alice, u64::MAX).await.as_ref(), Some(&saved[1]));
}

pub(super) async fn s03_the_newest_snapshot_at_or_below_a_version_is_loaded<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    let saved = save(&store, &alice, &[10, 20, 30]).await;
    for (up_to, expected) in [
        (0, None),
        (9, None),
        (10, Some(0)),
        (11, Some(0)),
        (19, Some(0)),
        (20, Some(1)),
        (29, Some(1)),
        (30, Some(2)),
        (31, Some(2)),
        (u64::MAX, Some(2)),
    ] {
        let found = newest(&store, &alice, up_to).await;
        assert_eq!(found.as_ref(), expected.map(|index| &saved[index]), "up to version {up_to}");
    }
}

pub(super) async fn s04_saving_at_the_same_version_again_replaces_the_snapshot<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    save(&store, &alice, &[10, 20]).await;
    let again = Snapshot { payload: b"\"another\"".to_vec(), taken_at: Timestamp::MAX, ..snapshot(&alice, 20, "json") };
    store.save_snapshot(again.clone()).await.unwrap();
    assert_eq!(newest(&store, &alice, u64::MAX).await, Some(again));
    assert_eq!(versions(&store, &alice).await, [10, 20]);
    let of_another_format = snapshot(&alice, 20, "json:2");
    store.save_snapshot(of_another_format.clone()).await.unwrap();
    assert_eq!(store.load_snapshot(&alice, 20, "json:2").await.unwrap(), Some(of_another_format));
    assert_eq!(versions(&store, &alice).await, [10], "the one of another format is in the place of the first");
}

pub(super) async fn s05_keeping_the_newest_deletes_the_others_of_that_stream_only<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    save(&store, &alice, &[30, 10, 50, 20, 40]).await;
    save(&store, &bob, &[1, 2, 3]).await;
    for (keep, left) in
        [(9, &[10, 20, 30, 40, 50][..]), (5, &[10, 20, 30, 40, 50]), (3, &[30, 40, 50]), (1, &[50]), (0, &[])]
    {
        store.keep_snapshots(&alice, keep).await.unwrap();
        assert_eq!(versions(&store, &alice).await, left, "after keeping {keep}");
        assert_eq!(versions(&store, &bob).await, [1, 2, 3], "after keeping {keep} of another stream");
    }
    store.keep_snapshots(&account("unknown"), 1).await.unwrap();
}

pub(super) async fn s05_the_newest_are_kept_whatever_their_format<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    save(&store, &alice, &[10, 20]).await;
    store.save_snapshot(snapshot(&alice, 30, "json:2")).await.unwrap();
    store.keep_snapshots(&alice, 2).await.unwrap();
    assert_eq!(versions(&store, &alice).await, [20]);
    assert!(store.load_snapshot(&alice, u64::MAX, "json:2").await.unwrap().is_some());
}

pub(super) async fn s06_one_snapshot_or_those_up_to_a_version_are_deleted<H: Harness>(place: H) {
    let store = open(&place).await;
    let (alice, bob) = (account("alice"), account("bob"));
    save(&store, &alice, &[10, 20, 30, 40, 50]).await;
    save(&store, &bob, &[10, 20]).await;
    for (deleted, left) in
        [(30..=30, &[10, 20, 40, 50][..]), (0..=20, &[40, 50]), (41..=49, &[40, 50]), (45..=u64::MAX, &[40])]
    {
        store.delete_snapshots(&alice, deleted.clone()).await.unwrap();
        assert_eq!(versions(&store, &alice).await, left, "after deleting {deleted:?}");
        assert_eq!(versions(&store, &bob).await, [10, 20], "after deleting {deleted:?} of another stream");
    }
}

pub(super) async fn s06_deleting_what_is_not_there_is_no_error<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    store.delete_snapshots(&alice, 0..=u64::MAX).await.unwrap();
    save(&store, &alice, &[10]).await;
    #[expect(clippy::reversed_empty_ranges, reason = "there is nothing between them")]
    for versions in [11..=20, 0..=9, 20..=1] {
        store.delete_snapshots(&alice, versions).await.unwrap();
    }
    assert_eq!(versions(&store, &alice).await, [10]);
    for _ in 0..2 {
        store.delete_snapshots(&alice, 10..=10).await.unwrap();
        assert_eq!(newest(&store, &alice, u64::MAX).await, None);
    }
    save(&store, &alice, &[10]).await;
    assert_eq!(versions(&store, &alice).await, [10]);
}

pub(super) async fn s07_a_snapshot_of_10_mib_comes_back_byte_for_byte<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    for payload in [
        (0..10 * 1024 * 1024_u32).map(|index| (index % 251).to_le_bytes()[0]).collect(),
        Vec::new(),
        vec![0],
        "{ \"a\":1e2,\"a\" : \"\u{1f600}\" }\n".into(),
    ] {
        let saved = Snapshot { payload, ..snapshot(&alice, 10, "json") };
        store.save_snapshot(saved.clone()).await.unwrap();
        let found = newest(&store, &alice, u64::MAX).await;
        assert!(found.as_ref() == Some(&saved), "a snapshot of {} bytes did not come back", saved.payload.len());
    }
}

pub(super) async fn s08_a_snapshot_of_another_format_is_not_loaded<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    store.save_snapshot(snapshot(&alice, 10, "json:00ff")).await.unwrap();
    for other in ["json:00fe", "json", "json:00FF", "json:00ff ", "json:%", "json:____", ""] {
        assert_eq!(store.load_snapshot(&alice, u64::MAX, other).await.unwrap(), None, "format `{other}`");
    }
    assert!(store.load_snapshot(&alice, u64::MAX, "json:00ff").await.unwrap().is_some());
}

pub(super) async fn s08_the_newest_snapshot_of_the_format_is_loaded_below_one_of_another<H: Harness>(place: H) {
    let store = open(&place).await;
    let alice = account("alice");
    let saved = save(&store, &alice, &[10, 20]).await;
    store.save_snapshot(snapshot(&alice, 15, "json:2")).await.unwrap();
    store.save_snapshot(snapshot(&alice, 30, "json:2")).await.unwrap();
    for (up_to, expected) in [(u64::MAX, 1), (30, 1), (20, 1), (19, 0), (15, 0)] {
        assert_eq!(newest(&store, &alice, up_to).await.as_ref(), Some(&saved[expected]), "up to version {up_to}");
    }
}
