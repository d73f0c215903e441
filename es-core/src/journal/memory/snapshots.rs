//! The snapshots of a `MemoryStore`.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeInclusive};
use std::sync::{MutexGuard, PoisonError};

use super::MemoryStore;
use crate::event::StreamId;
use crate::journal::{JournalError, PageSize};
use crate::snapshot::{ListSnapshots, Snapshot, SnapshotStore};

/// Those of each stream, by their versions.
pub(super) type Snapshots = BTreeMap<StreamId, BTreeMap<u64, Snapshot>>;

impl MemoryStore {
    fn snapshots(&self) -> MutexGuard<'_, Snapshots> {
        // Each change is one of the maps': a panic leaves none half done.
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
        let newest_first = snapshots.get(stream).into_iter().flat_map(|kept| kept.range(..=up_to).rev());
        Ok(newest_first.map(|(_, snapshot)| snapshot).find(|snapshot| snapshot.format == format).cloned())
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), JournalError> {
        self.snapshots().entry(snapshot.stream.clone()).or_default().insert(snapshot.version, snapshot);
        Ok(())
    }

    async fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> Result<(), JournalError> {
        if let Some(kept) = self.snapshots().get_mut(stream) {
            while kept.len() > keep as usize {
                kept.pop_first();
            }
        }
        Ok(())
    }

    async fn delete_snapshots(&self, stream: &StreamId, versions: RangeInclusive<u64>) -> Result<(), JournalError> {
        if let Some(kept) = self.snapshots().get_mut(stream) {
            kept.retain(|version, _| !versions.contains(version));
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
        let kept = snapshots.range((first, Bound::Unbounded)).flat_map(|(_, kept)| kept.values());
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
