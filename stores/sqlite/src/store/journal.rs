//! `SqliteStore` as a journal and as a store for snapshots.

use std::ops::RangeInclusive;
use std::sync::Arc;

use es_core::{
    Append, AppendError, Appended, Clock, CommandId, Filter, ImportJournal, Imported, Journal, JournalError, JournalId,
    ListSnapshots, Page, PageSize, Position, Snapshot, SnapshotStore, StreamId, Timestamp,
};
use tokio::sync::oneshot;

use super::{SMALL, SqliteStore};
use crate::place::Failure;
use crate::reader::{self, Loaded, Reader};
use crate::writer::{Job, SnapshotWrite};

impl Journal for SqliteStore {
    fn id(&self) -> JournalId {
        self.shared.id
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        self.check_thread()?;
        let _under_way = self.shared.writes.begin_append();
        let (answer, answered) = oneshot::channel();
        let asked = self.shared.writes.append(Job::Append(append, answer)).await;
        asked.map_err(|_| self.shared.place.closed())?;
        let lost = |_| AppendError::Unknown { source: "the writer ended before it answered".into() };
        answered.await.map_err(lost)?
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        self.page(stream, versions, size, reader::read_stream).await
    }

    async fn read_payloads(
        &self,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        self.page(stream, versions, size, reader::read_payloads).await
    }

    async fn read_all(&self, after: Position, filter: &Filter, size: PageSize) -> Result<Page, JournalError> {
        let filter = filter.clone();
        self.query("read the journal", move |reader| reader::read_all(reader, after, &filter, size)).await
    }

    async fn version(&self, stream: &StreamId) -> Result<u64, JournalError> {
        let stream = stream.clone();
        self.look("find the version of a stream", move |reader| reader::version(&reader.db, &stream)).await
    }

    async fn version_at(&self, stream: &StreamId, time: Timestamp) -> Result<u64, JournalError> {
        let stream = stream.clone();
        let query = move |reader: &mut Reader| reader::version_at(&reader.db, &stream, time);
        self.look("find the version of a stream at a time", query).await
    }

    async fn find_command(
        &self,
        stream: &StreamId,
        id: CommandId,
    ) -> Result<Option<RangeInclusive<u64>>, JournalError> {
        let stream = stream.clone();
        self.look("find a command", move |reader| reader::find_command(&reader.db, &stream, id)).await
    }

    async fn head(&self) -> Result<Position, JournalError> {
        self.look("find the head", |reader| Ok(Position::new(reader::head(&reader.db)?))).await
    }

    async fn newest(&self) -> Result<Position, JournalError> {
        self.head().await
    }

    async fn wait(&self, after: Position) -> Result<Position, JournalError> {
        let mut head = self.shared.head.subscribe();
        let _watching = self.shared.watch.begin();
        let closed = || self.shared.place.closed();
        let reached = head.wait_for(|head| head.closed || head.position > after).await.map_err(|_| closed())?;
        if reached.closed { Err(closed()) } else { Ok(reached.position) }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.shared.clock)
    }
}

impl ImportJournal for SqliteStore {
    async fn import(&self, events: Arc<Page>) -> Result<Imported, AppendError> {
        let (answer, answered) = oneshot::channel();
        self.write(Job::Import(events, answer)).await?;
        let lost = |_| AppendError::Unknown { source: "the writer ended before it answered".into() };
        answered.await.map_err(lost)?
    }
}

impl SnapshotStore for SqliteStore {
    async fn load_snapshot(
        &self,
        stream: &StreamId,
        up_to: u64,
        format: &str,
    ) -> Result<Option<Snapshot>, JournalError> {
        let action = "load a snapshot";
        let small = self.at_once(|reader| reader::load_snapshot(&reader.db, stream, up_to, format, SMALL as u64));
        if let Ok(loaded) = small.await
            && let Loaded::Snapshot(snapshot) = loaded.map_err(|failure| self.shared.place.error(action, failure))?
        {
            return Ok(snapshot);
        }
        let (stream, format) = (stream.clone(), format.to_owned());
        let query =
            move |reader: &mut Reader| match reader::load_snapshot(&reader.db, &stream, up_to, &format, u64::MAX)? {
                Loaded::Snapshot(snapshot) => Ok(snapshot),
                Loaded::TooLarge => {
                    let what = format!("a snapshot of `{stream}` has no payload");
                    Err(Failure::Damaged { position: None, what })
                }
            };
        self.query(action, query).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), JournalError> {
        self.write_snapshot(SnapshotWrite::Save(snapshot)).await
    }

    async fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> Result<(), JournalError> {
        self.write_snapshot(SnapshotWrite::Keep(stream.clone(), keep)).await
    }

    async fn delete_snapshots(&self, stream: &StreamId, versions: RangeInclusive<u64>) -> Result<(), JournalError> {
        self.write_snapshot(SnapshotWrite::Delete(stream.clone(), versions)).await
    }
}

impl ListSnapshots for SqliteStore {
    async fn list_snapshots(
        &self,
        after: Option<(&StreamId, u64)>,
        size: PageSize,
    ) -> Result<Vec<Snapshot>, JournalError> {
        let after = after.map(|(stream, version)| (stream.clone(), version));
        self.query("list the snapshots", move |reader| reader::list_snapshots(reader, after, size)).await
    }
}
