//! Snapshots: the state at a version, to shorten the way to the state of today.

use std::future::Future;

use crate::event::{EventId, StreamId, Timestamp};
use crate::journal::{JournalError, PageSize};

/// When snapshots of an aggregate are taken, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotPolicy {
    /// A snapshot is taken each time the version passes a multiple of this.
    pub every: u64,
    /// The newest that are kept of each stream.
    pub keep: u32,
}

impl SnapshotPolicy {
    /// One snapshot every `every` events, of which the newest `keep` are kept; 0 counts as 1.
    pub const fn new(every: u64, keep: u32) -> Self {
        Self { every: if every == 0 { 1 } else { every }, keep: if keep == 0 { 1 } else { keep } }
    }

    /// Whether a snapshot is due when a stream grows from version `before` to version `after`.
    pub const fn is_due(&self, before: u64, after: u64) -> bool {
        before / self.every != after / self.every
    }
}

/// The state of a stream at a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The stream.
    pub stream: StreamId,
    /// The version of the last event that is in the state.
    pub version: u64,
    /// The id of that event: a journal that has another event there is not the one that the state came from.
    pub event_id: EventId,
    /// What the payload is: the format, and the shape of the state. The store compares it, and does not look into it.
    pub format: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The state.
    pub payload: Vec<u8>,
}

/// Keeps snapshots.
///
/// A snapshot can be lost at any time: it is only ever a shorter way. What each method must do is
/// checked by `testing::conformance`, which the feature `conformance` adds.
pub trait SnapshotStore: Send + Sync + 'static {
    /// The newest snapshot of a stream in this `format`, at or below the version `up_to`.
    fn load_snapshot(
        &self,
        stream: &StreamId,
        up_to: u64,
        format: &str,
    ) -> impl Future<Output = Result<Option<Snapshot>, JournalError>> + Send;

    /// Saves a snapshot, in place of the one that there may be at its version.
    fn save_snapshot(&self, snapshot: Snapshot) -> impl Future<Output = Result<(), JournalError>> + Send;

    /// Deletes all but the newest `keep` snapshots of a stream.
    fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> impl Future<Output = Result<(), JournalError>> + Send;

    /// Deletes the snapshots of a stream with versions in `versions`; there need not be any.
    fn delete_snapshots(
        &self,
        stream: &StreamId,
        versions: std::ops::RangeInclusive<u64>,
    ) -> impl Future<Output = Result<(), JournalError>> + Send;
}

/// A [`SnapshotStore`] that can say which snapshots there are, so that they can be copied.
pub trait ListSnapshots: SnapshotStore {
    /// The snapshots after the one that a stream has at a version, as many as fit in `size`: their number, and the
    /// bytes of their payloads. The first always fits. All of them from the start without `after`; none after the last.
    ///
    /// They are in an order that the store chooses, the same each time, in which those of one stream ascend. The
    /// snapshot at `after` need not be there any more.
    fn list_snapshots(
        &self,
        after: Option<(&StreamId, u64)>,
        size: PageSize,
    ) -> impl Future<Output = Result<Vec<Snapshot>, JournalError>> + Send;
}
