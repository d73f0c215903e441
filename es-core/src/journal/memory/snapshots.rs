//! The snapshots of a `MemoryStore`.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeInclusive};
use std::sync::{MutexGuard, PoisonError};

use super::MemoryStore;
use crate::event::StreamId;
use crate::journal::{JournalError, PageSize};
use crate::snapshot::{ListSnapshots, Snapshot, SnapshotStore};

/// Those of each stream, in the order of their versions.
pub(super) type Snapshots = BTreeMap<StreamId, Vec<Snapshot>>;

impl MemoryStore {
    fn snapshots(&self) -> MutexGuard<'_, Snapshots> {
        // Each change is one of the map's or of a list's: a panic leaves none half done.
        self.shared.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SnapshotStore for MemoryStore {
    async fn load_snapshot(
        &self,
        stream: &StreamId,
        up_to: u64,
        format: &str,
    ) -> Result<Option<Snapshot>, JournalError> {
        let snapshots = self.snapshots();
        let is_asked_for = |snapshot: &&Snapshot| snapshot.version <= up_to && snapshot.format == format;
        Ok(snapshots.get(stream).and_then(|kept| kept.iter().rfind(is_asked_for)).cloned())
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), JournalError> {
        let mut snapshots = self.snapshots();
        let kept = snapshots.entry(snapshot.stream.clone()).or_default();
        match kept.binary_search_by_key(&snapshot.version, |kept| kept.version) {
            Ok(at) => kept[at] = snapshot,
            Err(at) => kept.insert(at, snapshot),
        }
        Ok(())
    }

    async fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> Result<(), JournalError> {
        if let Some(kept) = self.snapshots().get_mut(stream) {
            kept.drain(..kept.len().saturating_sub(keep as usize));
        }
        Ok(())
    }

    async fn delete_snapshots(&self, stream: &StreamId, versions: RangeInclusive<u64>) -> Result<(), JournalError> {
        if let Some(kept) = self.snapshots().get_mut(stream) {
            kept.retain(|snapshot| !versions.contains(&snapshot.version));
        }
        Ok(())
    }
}

impl ListSnapshots for MemoryStore {
    async fn list_snapshots(
        &self,
        after: Option<(&StreamId, u64)>,
        size: PageSize,
    ) -> Result<Vec<Snapshot>, JournalError> {
        let snapshots = self.snapshots();
        let first = after.map_or(Bound::Unbounded, |(stream, _)| Bound::Included(stream.clone()));
        let kept = snapshots.range((first, Bound::Unbounded)).flat_map(|(_, kept)| kept);
        let is_after = |snapshot: &&Snapshot| {
            after.is_none_or(|(stream, version)| snapshot.stream != *stream || snapshot.version > version)
        };
        let mut bytes = 0;
        let fits = |(index, snapshot): &(usize, &Snapshot)| {
            bytes += snapshot.payload.len();
            *index < size.events && (*index == 0 || bytes <= size.bytes)
        };
        Ok(kept.filter(is_after).enumerate().take_while(fits).map(|(_, snapshot)| snapshot.clone()).collect())
    }
}
