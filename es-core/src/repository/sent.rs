//! Commands that reactions send: executed so that their answers can be given again.

use std::sync::Arc;

use super::new_events::{EventIds, encode};
use super::{ExecuteError, Load, LoadError, Loaded, Outcome, Patience, Repository};
use crate::BoxError;
use crate::aggregate::{Aggregate, Context, Decision, Events};
use crate::event::{EventId, Metadata, StreamId, Timestamp};
use crate::journal::{Journal, NewEvent};
use crate::snapshot::SnapshotStore;

impl<A: Aggregate, S: Journal + SnapshotStore> Repository<A, S> {
    /// Executes a command, and notes the version and the time that it was decided on.
    pub(crate) async fn execute_noting(
        &self,
        stream: StreamId,
        command: A::Command,
        metadata: Metadata,
        decided_on: &mut Option<(u64, Timestamp)>,
    ) -> Result<Outcome<A>, ExecuteError<A::Error>> {
        let mut order = self.order(stream, command, metadata, None);
        // The reactor has patience of its own, in which it can be stopped.
        self.execute_order(&mut order, &Patience::NONE, decided_on).await
    }

    /// Loads the aggregate of a stream, for a reactor.
    pub(crate) fn load_stream(&self, stream: StreamId) -> Load<A, S> {
        Load::new(self.clone(), Ok(stream)).patience(Patience::NONE)
    }

    /// Decides a command on a state of before, at the time of before, and writes nothing.
    pub(crate) async fn decide_again(
        &self,
        stream: &StreamId,
        version: u64,
        decided_at: Timestamp,
        command: A::Command,
        metadata: Metadata,
    ) -> Result<(Loaded<A>, Decision<A>), LoadError> {
        let loaded = self.load_stream(stream.clone()).at_version(version).await?;
        let context = Context::new(decided_at, Arc::new(metadata));
        let decision = loaded.state.handle_command(command, &context);
        Ok((loaded, decision))
    }
}

impl<A: Aggregate> Loaded<A> {
    /// The outcome of a command that changed nothing, and was executed before.
    pub(crate) fn into_outcome(self) -> Outcome<A> {
        let Self { state, version, position } = self;
        Outcome { events: Vec::new(), state, version, position, repeated: true }
    }
}

/// Makes events for the journal, as those of a command are made that says nothing of itself.
pub(crate) fn new_events<A: Aggregate>(stream: &StreamId, events: &Events<A>) -> Result<Vec<NewEvent>, BoxError> {
    let ids = EventIds::From(EventId::new());
    Ok(encode(stream, events, &ids, &Metadata::default().shared())?.0)
}
