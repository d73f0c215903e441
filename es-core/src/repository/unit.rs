//! `UnitOfWork`: several aggregates that change together or not at all.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::cache::Slot;
use super::current::Current;
use super::execute::{EventIds, encode};
use super::options::metadata_options;
use super::{CommitError, ExecuteError, LoadError, Loaded, Repository, Retry, UnitError};
use crate::aggregate::{Aggregate, Context, IdOf};
use crate::event::{CommandId, Metadata, Position, StreamId};
use crate::journal::{Append, AppendError, Appended, ExpectedVersion, Journal, NewEvent, StreamAppend};
use crate::snapshot::SnapshotStore;

/// How often an append whose answer got lost is tried again to find out.
const TRIES_TO_FIND_OUT: u32 = 3;

/// Commands on several aggregates that are written as a whole or not at all.
///
/// Each command is decided on the state that the ones before it leave. Nothing is written until
/// [`commit`](Self::commit), and then all of it in one append. The versions of all aggregates of the unit are checked
/// then, also of those that it only [read](Self::read): if one of them changed meanwhile, nothing is written.
/// Dropped without a commit, the unit did nothing.
///
/// ```ignore
/// let mut transfer = UnitOfWork::new(&store).actor("teller-7");
/// transfer.execute(&accounts, "alice", Decrease { by: 60 }).await?;
/// transfer.execute(&accounts, "bob", Increase { by: 60 }).await?;
/// transfer.commit().await?;
/// ```
#[must_use = "a unit of work does nothing until it is committed"]
pub struct UnitOfWork<S> {
    store: S,
    metadata: Metadata,
    retry: Retry,
    parts: Vec<Box<dyn Part>>,
    /// How many commands there have been.
    steps: u32,
    /// What the unit did the first time, if it was committed before under the same command id.
    repeated: Option<Committed>,
}

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

/// What a [`UnitOfWork`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed {
    /// The number of events.
    pub events: usize,
    /// The position of the last of them; [`Position::START`] if there are none.
    pub position: Position,
    /// Whether the unit had been committed before, under the same command id.
    pub repeated: bool,
}

impl<S: Journal + SnapshotStore + Clone> UnitOfWork<S> {
    /// Begins a unit of work on `store`.
    pub fn new(store: &S) -> Self {
        Self {
            store: store.clone(),
            metadata: Metadata::default(),
            retry: Retry::default(),
            parts: Vec::new(),
            steps: 0,
            repeated: None,
        }
    }

    metadata_options!();

    /// Has [`run`](Self::run) do lost races again as `retry` says.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Does `work` on this unit and commits it; a lost race does both again, as [`retry`](Self::retry) says.
    ///
    /// ```ignore
    /// let (balance, committed) = UnitOfWork::new(&store)
    ///     .run(async |unit| {
    ///         unit.execute(&accounts, "alice", Decrease { by: 60 }).await?;
    ///         let bob = unit.execute(&accounts, "bob", Increase { by: 60 }).await?;
    ///         Ok::<_, ExecuteError<AccountError>>(bob.state.balance)
    ///     })
    ///     .await?;
    /// ```
    ///
    /// # Errors
    ///
    /// - [`UnitError::Work`] with the error of `work`: nothing was written;
    /// - [`UnitError::Commit`] when the commit failed, or the lost races were too many.
    pub async fn run<T, E>(
        self,
        mut work: impl AsyncFnMut(&mut Self) -> Result<T, E>,
    ) -> Result<(T, Committed), UnitError<E>> {
        let mut attempts = 1;
        loop {
            let mut unit = Self { metadata: self.metadata.clone(), retry: self.retry, ..Self::new(&self.store) };
            let value = work(&mut unit).await.map_err(UnitError::Work)?;
            let error = match unit.commit().await {
                Ok(committed) => return Ok((value, committed)),
                Err(error) => error,
            };
            match self.retry.wait_after(attempts) {
                Some(wait) if matches!(error, CommitError::Conflict { .. }) => crate::runtime::sleep(wait).await,
                _ => return Err(error.into()),
            }
            attempts += 1;
        }
    }
}

impl<S: Journal + SnapshotStore> UnitOfWork<S> {
    /// Decides a command on the aggregate `id`, on the state that the commands before it leave.
    ///
    /// # Errors
    ///
    /// [`ExecuteError::Rejected`] with the domain's own error, and the others of [`Repository::execute`] but for
    /// `Conflict`: races are found by [`commit`](Self::commit). After an error the unit is as it was before the call.
    pub async fn execute<A: Aggregate>(
        &mut self,
        repository: &Repository<A, S>,
        id: impl IdOf<A>,
        command: impl Into<A::Command>,
    ) -> Result<Decided<A>, ExecuteError<A::Error>> {
        let stream = StreamId::new(A::NAME, &id.id_text())?;
        let command = command.into();
        let step = self.steps;
        self.steps += 1;
        if let Some(command_id) = self.metadata.command_id
            && let Some(decided) = self.decided_before(repository, &stream, command_id, step).await?
        {
            return Ok(decided);
        }
        let metadata = Arc::new(self.metadata.clone());
        let part = self.part(repository, &stream).await?;
        let context = Context::new(repository.inner.clock.now(), Arc::clone(&metadata));
        let events = part.current.state.handle_command(command, &context).map_err(ExecuteError::Rejected)?;
        let (new, events) = encode(&stream, &events, &EventIds::of(&metadata, step), &metadata)
            .map_err(|source| ExecuteError::Encode { stream: stream.clone(), source })?;
        part.current.change(|state| events.iter().for_each(|event| state.apply_event(event)));
        part.current.version += events.len() as u64;
        part.new.extend(new);
        Ok(Decided { events: events.into_vec(), state: Arc::clone(&part.current.state), version: part.current.version })
    }

    /// Loads the aggregate `id` as the unit has it, and makes it part of the unit: the commit fails if it changed
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// A [`LoadError`] when it cannot be loaded.
    pub async fn read<A: Aggregate>(
        &mut self,
        repository: &Repository<A, S>,
        id: impl IdOf<A>,
    ) -> Result<Loaded<A>, LoadError> {
        let stream = StreamId::new(A::NAME, &id.id_text())?;
        let Current { state, version, position, .. } = &self.part(repository, &stream).await?.current;
        Ok(Loaded { state: Arc::clone(state), version: *version, position: *position })
    }

    /// Writes the events of all commands in one append, if no aggregate of the unit changed meanwhile.
    ///
    /// A unit without events writes nothing, but is checked too.
    ///
    /// # Errors
    ///
    /// - [`CommitError::Conflict`] when an aggregate changed: nothing was written, do the unit again;
    /// - [`CommitError::Unknown`] when the answer got lost: do it again with the same command id;
    /// - the others say what is wrong with the events or the journal: nothing was written.
    pub async fn commit(self) -> Result<Committed, CommitError> {
        if let Some(committed) = self.repeated {
            return Ok(committed);
        }
        let mut tries = 0;
        let appended = loop {
            let append = Append { streams: self.parts.iter().map(|part| part.append()).collect() };
            match self.store.append(append).await {
                Ok(appended) => break appended,
                Err(AppendError::Unknown { .. }) if tries + 1 < TRIES_TO_FIND_OUT => tries += 1,
                // Says that nothing was written now; before, something may have been.
                Err(AppendError::Journal(error)) if tries > 0 => {
                    return Err(CommitError::Unknown { source: error.into() });
                }
                Err(error) => return Err(error.into()),
            }
        };
        let events = self.parts.iter().map(|part| part.events()).sum();
        let Appended { streams, position, repeated, .. } = appended;
        for (part, appended) in self.parts.into_iter().zip(streams) {
            part.committed(appended.position).await;
        }
        Ok(Committed { events, position, repeated })
    }

    /// The part of the unit that a stream has; made, from the journal of now, if it has none.
    async fn part<A: Aggregate>(
        &mut self,
        repository: &Repository<A, S>,
        stream: &StreamId,
    ) -> Result<&mut PartOf<A, S>, LoadError> {
        if repository.store().id() != self.store.id() {
            return Err(LoadError::OtherStore { stream: stream.clone() });
        }
        let known = self.parts.iter().position(|part| part.stream() == stream);
        let index = if let Some(index) = known {
            index
        } else {
            let slot = repository.inner.cache.slot(stream);
            let current = repository.load_current(stream, &slot, u64::MAX).await?;
            let (stream, base, new) = (stream.clone(), current.version, Vec::new());
            self.parts.push(Box::new(PartOf { repository: repository.clone(), slot, stream, base, current, new }));
            self.parts.len() - 1
        };
        let part: Option<&mut dyn Any> = self.parts.get_mut(index).map(|part| &mut **part as &mut dyn Any);
        part.and_then(|part| part.downcast_mut())
            .ok_or_else(|| LoadError::OtherAggregate { stream: stream.clone(), aggregate: std::any::type_name::<A>() })
    }

    /// What step `step` gave, if the unit was committed before under the same command id.
    async fn decided_before<A: Aggregate>(
        &mut self,
        repository: &Repository<A, S>,
        stream: &StreamId,
        id: CommandId,
        step: u32,
    ) -> Result<Option<Decided<A>>, LoadError> {
        let slot = repository.inner.cache.slot(stream);
        let Some(versions) = self.store.find_command(stream, id).await? else {
            if self.repeated.is_none() {
                return Ok(None);
            }
            // A unit is written as a whole, so this step gave no events.
            let Current { state, version, .. } = repository.load_current(stream, &slot, u64::MAX).await?;
            return Ok(Some(Decided { events: Vec::new(), state, version }));
        };
        let ids = EventIds::OfCommand { command: id, step };
        let mut decided = Decided { events: Vec::new(), state: Arc::new(A::initial()), version: versions.start() - 1 };
        let mut committed = self.repeated.unwrap_or(Committed { events: 0, position: Position::START, repeated: true });
        let mut pages = repository.history_of(stream, versions).pages();
        let mut recorded = 0;
        while let Some(page) = pages.next().await? {
            for event in page {
                if event.index == 0 {
                    if event.id != ids.id(stream, recorded) {
                        continue;
                    }
                    recorded += 1;
                    committed.events += 1;
                    committed.position = committed.position.max(event.position);
                    decided.version = event.version;
                }
                if decided.version == event.version {
                    decided.events.push(event.event);
                }
            }
        }
        self.repeated = Some(committed);
        decided.state = repository.load_current(stream, &slot, decided.version).await?.state;
        Ok(Some(decided))
    }
}

impl<S> fmt::Debug for UnitOfWork<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let streams: Vec<_> = self.parts.iter().map(|part| (part.stream(), part.events())).collect();
        f.debug_struct("UnitOfWork").field("streams", &streams).finish_non_exhaustive()
    }
}

type Done = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a unit of work has of one aggregate, whatever its type.
trait Part: Any + Send + Sync {
    fn stream(&self) -> &StreamId;
    /// The number of events to be written.
    fn events(&self) -> usize;
    fn append(&self) -> StreamAppend;
    /// Takes over that the events were written, the last of them at `position`.
    fn committed(self: Box<Self>, position: Position) -> Done;
}

struct PartOf<A: Aggregate, S> {
    repository: Repository<A, S>,
    slot: Arc<Slot<A>>,
    stream: StreamId,
    /// The version that the unit found.
    base: u64,
    /// The state after the commands of the unit.
    current: Current<A>,
    new: Vec<NewEvent>,
}

impl<A: Aggregate, S: Journal + SnapshotStore> Part for PartOf<A, S> {
    fn stream(&self) -> &StreamId {
        &self.stream
    }

    fn events(&self) -> usize {
        self.new.len()
    }

    fn append(&self) -> StreamAppend {
        StreamAppend {
            stream: self.stream.clone(),
            expected: ExpectedVersion::Exact(self.base),
            events: self.new.clone(),
        }
    }

    fn committed(mut self: Box<Self>, position: Position) -> Done {
        Box::pin(async move {
            let Some(last) = self.new.last() else { return };
            self.current.last_event = Some(last.id);
            self.current.position = position;
            self.slot.put(&self.current);
            self.repository.snapshot_if_due(&self.stream, &self.slot, self.base, &self.current).await;
        })
    }
}
