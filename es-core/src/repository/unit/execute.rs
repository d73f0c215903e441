//! `UnitCommand`: one command of a unit of work.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use super::{Committed, UnitOfWork};
use crate::aggregate::{Aggregate, Context};
use crate::event::{CommandId, Metadata, Position, StreamId, StreamIdError};
use crate::journal::{Journal, PageSize};
use crate::repository::current::{Current, Decoder};
use crate::repository::new_events::{EventIds, encode};
use crate::repository::options::origin_options;
use crate::repository::patience::Tries;
use crate::repository::{ExecuteError, LoadError, Repository};
use crate::snapshot::SnapshotStore;

/// What one command of a [`UnitOfWork`] gave, to be written by its commit.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Decided<A: Aggregate> {
    /// The events that the command gave.
    pub events: Vec<A::Event>,
    /// The state after them.
    pub state: Arc<A>,
    /// The version that the last of them will have.
    pub version: u64,
}

/// A command of a unit of work: made by [`UnitOfWork::execute`], decided when it is awaited.
#[must_use = "a command is decided when it is awaited"]
pub struct UnitCommand<'u, A: Aggregate, S> {
    unit: &'u mut UnitOfWork<S>,
    repository: Repository<A, S>,
    stream: Result<StreamId, StreamIdError>,
    command: A::Command,
    metadata: Metadata,
}

impl<'u, A: Aggregate, S: Journal + SnapshotStore> UnitCommand<'u, A, S> {
    pub(super) fn new(
        unit: &'u mut UnitOfWork<S>,
        repository: &Repository<A, S>,
        stream: Result<StreamId, StreamIdError>,
        command: A::Command,
    ) -> Self {
        let metadata = unit.metadata.clone();
        Self { unit, repository: repository.clone(), stream, command, metadata }
    }

    origin_options!();

    async fn run(self) -> Result<Decided<A>, ExecuteError<A::Error>> {
        let Self { unit, repository, stream, command, metadata } = self;
        let result = unit.decide(&repository, &stream?, command, metadata).await;
        // One that failed, or is dropped, is asked again or left out; the ids of those after it stay the same.
        if matches!(result, Ok(_) | Err(ExecuteError::Rejected(_))) {
            unit.steps += 1;
        }
        result
    }
}

impl<'u, A: Aggregate, S: Journal + SnapshotStore> IntoFuture for UnitCommand<'u, A, S> {
    type Output = Result<Decided<A>, ExecuteError<A::Error>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'u>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<S: Journal + SnapshotStore> UnitOfWork<S> {
    /// Decides the next step of the unit.
    async fn decide<A: Aggregate>(
        &mut self,
        repository: &Repository<A, S>,
        stream: &StreamId,
        command: A::Command,
        metadata: Metadata,
    ) -> Result<Decided<A>, ExecuteError<A::Error>> {
        let step = self.steps;
        if let Some(command_id) = metadata.command_id {
            if self.repeated.is_none() {
                // Before the look: what the unit did, committed by another program meanwhile, is not in this state then.
                self.part(repository, stream).await?;
            }
            let patience = self.patience;
            let mut tries = Tries::new(&patience);
            let before = loop {
                match self.decided_before(repository, stream, command_id, step).await {
                    Err(LoadError::Journal(error)) if tries.wait_after(&error).await => {}
                    before => break before?,
                }
            };
            if let Some(decided) = before {
                return Ok(decided);
            }
        }
        let metadata = metadata.shared();
        let part = self.part(repository, stream).await?;
        let context = Context::new(repository.inner.clock.now(), Arc::clone(&metadata));
        let events = part.current.state.handle_command(command, &context).map_err(ExecuteError::Rejected)?;
        let (new, events) = encode(stream, &events, &EventIds::of(&context, step), &metadata)
            .map_err(|source| ExecuteError::Encode { stream: stream.clone(), source })?;
        part.current.change(|state| events.iter().for_each(|event| state.apply_event(event)));
        part.current.version += events.len() as u64;
        part.new.extend(new);
        Ok(Decided { events: events.into_vec(), state: Arc::clone(&part.current.state), version: part.current.version })
    }

    /// What step `step` gave, if the unit was committed before under the same command id.
    async fn decided_before<A: Aggregate>(
        &mut self,
        repository: &Repository<A, S>,
        stream: &StreamId,
        id: CommandId,
        step: u32,
    ) -> Result<Option<Decided<A>>, LoadError> {
        if self.repeated.is_none() && self.not_repeated.contains(stream) {
            return Ok(None);
        }
        let slot = repository.inner.cache.slot(stream);
        let Some(versions) = self.store.find_command(stream, id).await? else {
            if self.repeated.is_none() {
                self.not_repeated.insert(stream.clone());
                return Ok(None);
            }
            // A unit is written as a whole, so this step gave no events.
            let Current { state, version, .. } = repository.load_current(stream, &slot, u64::MAX).await?;
            return Ok(Some(Decided { events: Vec::new(), state, version }));
        };
        let ids = EventIds::OfCommand { command: id, step };
        let (mut from, to) = versions.into_inner();
        let (mut events, mut version, mut last_event) = (Vec::new(), from - 1, None);
        let mut committed = self.repeated.unwrap_or(Committed { events: 0, position: Position::START, repeated: true });
        let mut recorded = 0;
        loop {
            let page = self.store.read_stream(stream, from..=to, PageSize::default()).await?;
            let mut decoder = Decoder::new();
            for raw in &page {
                // By their ids, and before they are decoded: one that is retired may be none by now.
                if raw.id != ids.id(stream, recorded) {
                    continue;
                }
                recorded += 1;
                committed.events += 1;
                committed.position = committed.position.max(raw.position);
                (version, last_event) = (raw.version, Some(raw.id));
                events.extend(decoder.decode::<A>(&raw)?);
            }
            match page.last() {
                Some(last) if page.more() => from = last.version + 1,
                _ => break,
            }
        }
        let state = repository.load_after(stream, &slot, version, last_event).await?.state;
        self.repeated = Some(committed);
        Ok(Some(Decided { events, state, version }))
    }
}
