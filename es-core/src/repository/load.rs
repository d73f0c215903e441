//! `Load`: an aggregate as it is, or as it was.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use super::cache::Slot;
use super::current::Current;
use super::patience::Tries;
use super::{LoadError, Patience, Repository};
use crate::aggregate::Aggregate;
use crate::event::{EventId, Position, StreamId, StreamIdError, Timestamp};
use crate::journal::Journal;
use crate::snapshot::SnapshotStore;

/// An aggregate at a version.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Loaded<A> {
    /// The state, shared with the cache.
    pub state: Arc<A>,
    /// The version of the last event that is in the state; 0 before the first event.
    pub version: u64,
    /// The position of that event; [`Position::START`] before the first event.
    pub position: Position,
}

/// An aggregate to be loaded: made by [`Repository::load`], loaded when it is awaited.
#[must_use = "an aggregate is loaded when it is awaited"]
pub struct Load<A: Aggregate, S> {
    repository: Repository<A, S>,
    stream: Result<StreamId, StreamIdError>,
    at: At,
    patience: Patience,
}

enum At {
    Now,
    Version(u64),
    Time(Timestamp),
}

impl<A: Aggregate, S: Journal + SnapshotStore> Load<A, S> {
    pub(super) fn new(repository: Repository<A, S>, stream: Result<StreamId, StreamIdError>) -> Self {
        let patience = repository.inner.patience;
        Self { repository, stream, at: At::Now, patience }
    }

    pub(super) fn patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Loads it as it was after its event `version`; 0 is before the first one.
    ///
    /// A version that it has not come to yet is a [`LoadError::NoSuchVersion`].
    pub fn at_version(self, version: u64) -> Self {
        Self { at: At::Version(version), ..self }
    }

    /// Loads it as it was at `time`: after the last event that was recorded at that time or before.
    pub fn as_of(self, time: Timestamp) -> Self {
        Self { at: At::Time(time), ..self }
    }

    async fn run(self) -> Result<Loaded<A>, LoadError> {
        let Self { repository, stream, at, patience } = self;
        let stream = stream?;
        let mut tries = Tries::new(&patience);
        loop {
            match repository.load_once(&stream, &at).await {
                Err(LoadError::Journal(error)) if tries.wait_after(&error).await => {}
                result => return result,
            }
        }
    }
}

impl<A: Aggregate, S: Journal + SnapshotStore> IntoFuture for Load<A, S> {
    type Output = Result<Loaded<A>, LoadError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<A: Aggregate, S: Journal + SnapshotStore> Repository<A, S> {
    /// Loads an aggregate, unless the store cannot be used.
    async fn load_once(&self, stream: &StreamId, at: &At) -> Result<Loaded<A>, LoadError> {
        let slot = self.inner.cache.slot(stream);
        let (to, must_exist) = match *at {
            At::Now => (u64::MAX, false),
            At::Version(version) => (version, true),
            At::Time(time) => (self.inner.store.version_at(stream, time).await?, true),
        };
        let Current { state, version, position, .. } = self.load_current(stream, &slot, to).await?;
        if must_exist && version < to {
            return Err(LoadError::NoSuchVersion { stream: stream.clone(), version: to, newest: version });
        }
        Ok(Loaded { state, version, position })
    }

    /// The state after the event `to` of a stream, or after the last one where the stream ends before: from the
    /// nearest that is at hand, the cache, a snapshot or the beginning.
    pub(super) async fn load_current(
        &self,
        stream: &StreamId,
        slot: &Slot<A>,
        to: u64,
    ) -> Result<Current<A>, LoadError> {
        let store = &self.inner.store;
        let mut current = slot.get().filter(|kept| kept.version <= to);
        if let Some(kept) = &mut current
            && !kept.catch_up_if_there(store, stream, to).await?
        {
            // The journal was put back to an earlier state.
            slot.clear();
            current = None;
        }
        let current = if let Some(current) = current {
            current
        } else {
            let mut current = self.load_from_snapshot(stream, to).await?.unwrap_or_else(Current::initial);
            current.catch_up(store, stream, to).await?;
            current
        };
        if to == u64::MAX {
            slot.put(&current);
        }
        Ok(current)
    }

    /// The state after an event that was just read, and has this id.
    pub(super) async fn load_after(
        &self,
        stream: &StreamId,
        slot: &Slot<A>,
        version: u64,
        event: Option<EventId>,
    ) -> Result<Current<A>, LoadError> {
        match slot.get().filter(|kept| kept.version == version && kept.last_event == event) {
            Some(kept) => Ok(kept),
            None => self.load_current(stream, slot, version).await,
        }
    }
}
