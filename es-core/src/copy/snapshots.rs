//! The snapshots of a copy.

use super::progress::CopyStep;
use super::{CopyError, JournalCopy, Stores};
use crate::event::{Position, StreamId};
use crate::journal::{Journal, PageSize};
use crate::snapshot::{ListSnapshots, Snapshot, SnapshotStore};

/// What is done with a snapshot of the source that the destination does not have as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lacking {
    Write,
    Report,
}

impl<S: Journal + ListSnapshots, D: Journal + SnapshotStore> JournalCopy<'_, S, D> {
    /// Writes the snapshots that the destination lacks; gives the number of those that both have.
    pub(super) async fn copy_snapshots(&mut self, end: Position) -> Result<u64, CopyError> {
        self.each_snapshot(Lacking::Write, end).await
    }

    /// Compares the snapshots; gives the number of those that both have.
    pub(super) async fn compare_snapshots(&mut self, end: Position) -> Result<u64, CopyError> {
        self.each_snapshot(Lacking::Report, end).await
    }

    async fn each_snapshot(&mut self, lacking: Lacking, end: Position) -> Result<u64, CopyError> {
        let mut count = 0;
        let mut last: Option<(StreamId, u64)> = None;
        loop {
            let after = last.as_ref().map(|(stream, version)| (stream, *version));
            let listed = self.stores.source.list_snapshots(after, self.stores.size).await.map_err(CopyError::Source)?;
            let Some(newest) = listed.last() else { return Ok(count) };
            last = Some((newest.stream.clone(), newest.version));
            for snapshot in listed {
                count += u64::from(self.stores.snapshot(snapshot, lacking).await?);
            }
            self.reporter.report(CopyStep::Snapshots, count, end, end);
        }
    }
}

impl<S: Journal, D: Journal + SnapshotStore> Stores<'_, S, D> {
    /// Sees to one snapshot; gives whether both stores have it.
    async fn snapshot(&self, snapshot: Snapshot, lacking: Lacking) -> Result<bool, CopyError> {
        let Snapshot { stream, version, .. } = &snapshot;
        let page = self.destination.read_stream(stream, *version..=*version, PageSize::events(1)).await;
        let event = page.map_err(CopyError::Destination)?.last().map(|event| event.id);
        // One of events that the source has got since, or of a history that is not its own any more.
        if event != Some(snapshot.event_id) {
            return Ok(false);
        }
        if self.has_snapshot(&snapshot).await? {
            return Ok(true);
        }
        if lacking == Lacking::Report {
            return Err(CopyError::Missing { stream: stream.clone(), version: *version, what: "a snapshot" });
        }
        self.destination.save_snapshot(snapshot.clone()).await.map_err(CopyError::Destination)?;
        if self.has_snapshot(&snapshot).await? {
            return Ok(true);
        }
        Err(CopyError::Differs { stream: stream.clone(), version: *version, what: "snapshot" })
    }

    async fn has_snapshot(&self, snapshot: &Snapshot) -> Result<bool, CopyError> {
        let Snapshot { stream, version, format, .. } = snapshot;
        let there = self.destination.load_snapshot(stream, *version, format).await.map_err(CopyError::Destination)?;
        Ok(there.as_ref() == Some(snapshot))
    }
}
