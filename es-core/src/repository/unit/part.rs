//! What a unit of work has of one aggregate.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::aggregate::Aggregate;
use crate::event::{Position, StreamId};
use crate::journal::{ExpectedVersion, Journal, NewEvent, StreamAppend};
use crate::repository::cache::Slot;
use crate::repository::current::Current;
use crate::repository::{LoadError, Repository};
use crate::snapshot::SnapshotStore;

/// What is left to do after a commit.
type Done = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a unit of work has of one aggregate, whatever its type.
pub(super) trait Part: Any + Send + Sync {
    fn stream(&self) -> &StreamId;
    /// The number of events to be written.
    fn events(&self) -> usize;
    /// The version that the stream must have.
    fn expected(&self) -> ExpectedVersion;
    fn append(&self) -> StreamAppend;
    /// Takes over that the events were written, the last of them at `position`.
    fn committed(self: Box<Self>, position: Position) -> Done;
}

pub(super) struct PartOf<A: Aggregate, S> {
    repository: Repository<A, S>,
    slot: Arc<Slot<A>>,
    stream: StreamId,
    /// The version that the unit found.
    base: u64,
    /// The state after the commands of the unit.
    pub(super) current: Current<A>,
    pub(super) new: Vec<NewEvent>,
}

impl<A: Aggregate, S: Journal + SnapshotStore> PartOf<A, S> {
    /// The aggregate as the journal has it now.
    pub(super) async fn load(repository: &Repository<A, S>, stream: &StreamId) -> Result<Self, LoadError> {
        let slot = repository.inner.cache.slot(stream);
        let current = repository.load_current(stream, &slot, u64::MAX).await?;
        let (repository, stream, base) = (repository.clone(), stream.clone(), current.version);
        Ok(Self { repository, slot, stream, base, current, new: Vec::new() })
    }
}

impl<A: Aggregate, S: Journal + SnapshotStore> Part for PartOf<A, S> {
    fn stream(&self) -> &StreamId {
        &self.stream
    }

    fn events(&self) -> usize {
        self.new.len()
    }

    fn expected(&self) -> ExpectedVersion {
        ExpectedVersion::Exact(self.base)
    }

    fn append(&self) -> StreamAppend {
        StreamAppend { stream: self.stream.clone(), expected: self.expected(), events: self.new.clone() }
    }

    fn committed(mut self: Box<Self>, position: Position) -> Done {
        Box::pin(async move {
            let Some(last) = self.new.last() else { return };
            self.current.last_event = Some(last.id);
            self.current.position = position;
            self.slot.put(&self.current);
            if let Some(snapshot) = self.repository.snapshot_if_due(&self.stream, &self.slot, self.base, &self.current)
            {
                snapshot.await;
            }
        })
    }
}
