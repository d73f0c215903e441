//! I6: which snapshots there are.

use super::super::given::stream;
use super::super::harness::{Harness, open};
use super::super::snapshots::snapshot;
use crate::event::StreamId;
use crate::journal::PageSize;
use crate::snapshot::{ListSnapshots, Snapshot, SnapshotStore};

/// All snapshots, read in pages.
async fn listed<S: ListSnapshots>(store: &S, size: PageSize) -> Vec<Snapshot> {
    let mut all: Vec<Snapshot> = Vec::new();
    loop {
        let after = all.last().map(|last| (last.stream.clone(), last.version));
        let after = after.as_ref().map(|(stream, version)| (stream, *version));
        let page = store.list_snapshots(after, size).await.unwrap();
        if page.is_empty() {
            return all;
        }
        let bytes: usize = page.iter().map(|snapshot| snapshot.payload.len()).sum();
        assert!(page.len() <= size.events, "{} snapshots in a page of {}", page.len(), size.events);
        assert!(page.len() == 1 || bytes <= size.bytes, "{bytes} bytes in a page of {}", size.bytes);
        all.extend(page);
    }
}

/// Snapshots of some streams, at some versions, of some sizes.
async fn save<S: SnapshotStore>(store: &S) -> Vec<Snapshot> {
    let mut saved = Vec::new();
    for (aggregate, id) in [("account", "b"), ("account", "a"), ("account", "a/b"), ("account-2", "a"), ("loan", "%")] {
        for version in [20, 3, 100] {
            let mut snapshot =
                snapshot(&stream(aggregate, id), version, if version == 3 { "json:1" } else { "json:2" });
            snapshot.payload.resize(if version == 20 { 5_000 } else { 10 }, b'x');
            store.save_snapshot(snapshot.clone()).await.unwrap();
            saved.push(snapshot);
        }
    }
    saved
}

fn key(snapshot: &Snapshot) -> (StreamId, u64) {
    (snapshot.stream.clone(), snapshot.version)
}

pub(super) async fn i6_snapshots_are_listed_each_once_and_in_pages<H>(place: H)
where
    H: Harness<Store: ListSnapshots>,
{
    let store = open(&place).await;
    assert_eq!(listed(&store, PageSize::default()).await, []);
    let mut saved = save(&store).await;
    saved.sort_by_key(key);
    let mut order = None;
    for size in [
        PageSize::default(),
        PageSize::events(1),
        PageSize::events(4),
        PageSize { events: 100, bytes: 6_000 },
        PageSize { events: 100, bytes: 1 },
    ] {
        let all = listed(&store, size).await;
        assert_eq!(*order.get_or_insert_with(|| all.clone()), all, "the order is another in pages of {size:?}");
        for (one, next) in all.iter().zip(&all[1..]) {
            assert!(one.stream != next.stream || one.version < next.version, "versions of `{}` descend", one.stream);
        }
        let mut sorted = all;
        sorted.sort_by_key(key);
        assert_eq!(sorted, saved, "in pages of {size:?}");
    }
}

pub(super) async fn i6_a_list_goes_on_after_a_snapshot_that_is_gone<H>(place: H)
where
    H: Harness<Store: ListSnapshots>,
{
    let store = open(&place).await;
    save(&store).await;
    let all = listed(&store, PageSize::default()).await;
    for index in 0..all.len() {
        let Snapshot { stream, version, .. } = &all[index];
        store.delete_snapshots(stream, *version..=*version).await.unwrap();
        let rest = store.list_snapshots(Some((stream, *version)), PageSize::default()).await.unwrap();
        assert_eq!(rest, all[index + 1..]);
    }
    assert_eq!(listed(&store, PageSize::default()).await, []);
}
