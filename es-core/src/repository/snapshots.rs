//! Snapshots of a repository: taken outside of a command's path, and never trusted.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cache::Slot;
use super::current::Current;
use super::sealed;
use super::{LoadError, Repository};
use crate::BoxError;
use crate::aggregate::{Aggregate, IdOf};
use crate::codec::{Codec, Payload};
use crate::event::StreamId;
use crate::journal::{Journal, PageSize};
use crate::runtime::{Work, in_background};
use crate::snapshot::{Snapshot, SnapshotPolicy, SnapshotStore};

/// What the payload of a snapshot of `A` is: the format, and the shape of the state.
pub(crate) fn format_of<A: Aggregate>() -> String {
    format!("{}:{:016x}", A::Codec::FORMAT, A::state_shape())
}

impl<A: Aggregate, S: Journal + SnapshotStore> Repository<A, S> {
    /// Takes a snapshot of the aggregate `id` now; it is there when this is done.
    ///
    /// The repository takes them by itself as `snapshot(every = ..)` says. Taking one by hand is of use before a
    /// program is stopped, or after many events were imported. Does nothing for an aggregate without events, or
    /// without `snapshot(..)`.
    ///
    /// # Errors
    ///
    /// A [`LoadError`] when the aggregate cannot be loaded or the snapshot not be stored.
    pub async fn snapshot(&self, id: impl IdOf<A>) -> Result<(), LoadError> {
        let stream = StreamId::new(A::NAME, &id.id_text())?;
        let Some(policy) = self.inner.snapshots else { return Ok(()) };
        let slot = self.inner.cache.slot(&stream);
        let current = self.load_current(&stream, &slot, u64::MAX).await?;
        let Some(snapshot) = self.encode_snapshot(&stream, &current)? else { return Ok(()) };
        self.inner.store.save_snapshot(snapshot).await?;
        Ok(self.inner.store.keep_snapshots(&stream, policy.keep).await?)
    }

    /// Takes a snapshot in the background if the policy asks for one between the version `before` and that of `current`;
    /// what this gives is to be awaited.
    #[must_use = "without a runtime, it is taken when this is awaited"]
    pub(super) fn snapshot_if_due(
        &self,
        stream: &StreamId,
        slot: &Arc<Slot<A>>,
        before: u64,
        current: &Current<A>,
    ) -> Option<Work> {
        let policy = self.inner.snapshots.filter(|policy| policy.is_due(before, current.version))?;
        if slot.snapshotting.swap(true, Ordering::AcqRel) {
            // The one before is still being written; this one would not be much newer.
            return None;
        }
        let under_way = UnderWay(Arc::clone(slot));
        let (repository, stream, current) = (self.clone(), stream.clone(), current.clone());
        let save = async move {
            let _under_way = under_way;
            if let Err(error) = repository.save(policy, &stream, &current).await {
                log::warn!("could not take a snapshot of `{stream}` at version {}: {error}", current.version);
            }
        };
        in_background(Box::pin(save))
    }

    async fn save(&self, policy: SnapshotPolicy, stream: &StreamId, current: &Current<A>) -> Result<(), BoxError> {
        if let Some(snapshot) = self.encode_snapshot(stream, current)? {
            self.inner.store.save_snapshot(snapshot).await?;
            self.inner.store.keep_snapshots(stream, policy.keep).await?;
        }
        Ok(())
    }

    fn encode_snapshot(&self, stream: &StreamId, current: &Current<A>) -> Result<Option<Snapshot>, LoadError> {
        let Some(event_id) = current.last_event else { return Ok(None) };
        let payload = sealed::seal(A::Codec::FORMAT, event_id, |bytes| current.state.encode_state(bytes))
            .map_err(|source| LoadError::Encode { stream: stream.clone(), source })?;
        Ok(Some(Snapshot {
            stream: stream.clone(),
            version: current.version,
            event_id,
            format: self.inner.snapshot_format.clone(),
            taken_at: self.inner.clock.now(),
            payload,
        }))
    }

    /// The state from the newest snapshot at or below the version `to` that can be used.
    ///
    /// What is wrong with a snapshot is a warning and costs a replay; only a journal that fails is an error.
    pub(super) async fn load_from_snapshot(&self, stream: &StreamId, to: u64) -> Result<Option<Current<A>>, LoadError> {
        if self.inner.snapshots.is_none() || to == 0 {
            return Ok(None);
        }
        let mut up_to = to;
        loop {
            let format = &self.inner.snapshot_format;
            let snapshot = match self.inner.store.load_snapshot(stream, up_to, format).await {
                Ok(Some(snapshot)) => snapshot,
                Ok(None) => return Ok(None),
                Err(error) => {
                    log::warn!("could not read a snapshot of `{stream}`; replaying the events instead: {error}");
                    return Ok(None);
                }
            };
            if let Some(current) = self.current_of(&snapshot).await? {
                return Ok(Some(current));
            }
            // The one before it may be in order.
            match snapshot.version.checked_sub(1) {
                Some(before) if before > 0 && before < up_to => up_to = before,
                _ => return Ok(None),
            }
        }
    }

    /// The state that a snapshot holds; `None`, with a warning, if it is not to be trusted.
    async fn current_of(&self, snapshot: &Snapshot) -> Result<Option<Current<A>>, LoadError> {
        let Snapshot { stream, version, event_id, payload, .. } = snapshot;
        let (version, format) = (*version, A::Codec::FORMAT);
        let state = sealed::open(format, *event_id, payload).and_then(|bytes| {
            let state = A::decode_state(Payload { format, bytes });
            state.map_err(Into::into)
        });
        let state = match state {
            Ok(state) => Arc::new(state),
            Err(error) => {
                log::warn!(
                    "the snapshot of `{stream}` at version {version} is damaged; replaying the events instead: {error}"
                );
                return Ok(None);
            }
        };
        // A journal that was put back to an earlier state may lack the event, or have another one in its place.
        let page = self.inner.store.read_stream(stream, version..=version, PageSize::events(1)).await?;
        match page.last() {
            Some(raw) if raw.id == *event_id => {
                Ok(Some(Current { state, version, position: raw.position, last_event: Some(raw.id) }))
            }
            _ => {
                log::warn!(
                    "the snapshot of `{stream}` at version {version} is of another journal; replaying the events instead"
                );
                Ok(None)
            }
        }
    }
}

/// Marks a snapshot as under way until it is dropped, however that comes.
struct UnderWay<A: Aggregate>(Arc<Slot<A>>);

impl<A: Aggregate> Drop for UnderWay<A> {
    fn drop(&mut self) {
        self.0.snapshotting.store(false, Ordering::Release);
    }
}
