//! `UnitOfWork`: several aggregates that change together or not at all.

mod execute;
mod part;

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

pub use execute::{Decided, UnitCommand};

use super::current::Current;
use super::options::{metadata_options, origin_options};
use super::patience::Tries;
use super::{CommitError, LoadError, Loaded, Patience, Repository, Retry, UnitError};
use crate::aggregate::{Aggregate, IdOf, IntoCommand};
use crate::event::{Metadata, Position, StreamId};
use crate::journal::{Append, AppendError, Appended, ExpectedVersion, Journal};
use crate::snapshot::SnapshotStore;
use part::{Part, PartOf};

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
    patience: Patience,
    parts: Vec<Box<dyn Part>>,
    /// Where each stream has its part.
    part_of: HashMap<StreamId, usize>,
    /// How many commands there have been: those that were decided, also to be rejected.
    steps: u32,
    /// Streams that have no events of the unit's command id.
    not_repeated: HashSet<StreamId>,
    /// What the unit did the first time, if it was committed before under the same command id.
    repeated: Option<Committed>,
}

/// What a [`UnitOfWork`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed {
    /// The number of events.
    pub events: usize,
    /// The position of the last of them; [`Position::START`] if there are none.
    pub position: Position,
    /// Whether the unit had been committed before, under the same command id; the events are those of the commands that
    /// were asked again.
    pub repeated: bool,
}

impl<S: Journal + SnapshotStore + Clone> UnitOfWork<S> {
    /// Begins a unit of work on `store`.
    pub fn new(store: &S) -> Self {
        Self {
            store: store.clone(),
            metadata: Metadata::default(),
            retry: Retry::default(),
            patience: Patience::default(),
            parts: Vec::new(),
            part_of: HashMap::new(),
            steps: 0,
            not_repeated: HashSet::new(),
            repeated: None,
        }
    }

    metadata_options!();

    /// Has [`run`](Self::run) do lost races again as `retry` says.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Tries a store that cannot be used just now for as long as `patience` says, in each step of its own: for 10 seconds
    /// unless this is called.
    pub fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
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
            let Self { metadata, retry, patience, .. } = &self;
            let mut unit =
                Self { metadata: metadata.clone(), retry: *retry, patience: *patience, ..Self::new(&self.store) };
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
    /// Who asks, and what else its events carry, is that of the unit, unless it is said of the command before it is
    /// awaited.
    ///
    /// # Errors
    ///
    /// [`ExecuteError::Rejected`](super::ExecuteError::Rejected) with the domain's own error, and the others of
    /// [`Repository::execute`] but for `Conflict`: races are found by [`commit`](Self::commit). After an error the unit has
    /// the events of before the call. The aggregate is part of the unit all the same, as one that was [read](Self::read): what is
    /// decided after a rejection may depend on it.
    pub fn execute<A: Aggregate>(
        &mut self,
        repository: &Repository<A, S>,
        id: impl IdOf<A>,
        command: impl IntoCommand<A>,
    ) -> UnitCommand<'_, A, S> {
        UnitCommand::new(self, repository, StreamId::new(A::NAME, &id.id_text()), command.into_command())
    }

    /// Whether the unit was committed before under the same command id, as far as its commands have shown: then the rest
    /// of the work can be left out.
    ///
    /// [`commit`](Self::commit) answers with the events of those commands that were asked again: who waits for the position of all
    /// that the unit wrote leaves out nothing.
    pub const fn is_repeated(&self) -> bool {
        self.repeated.is_some()
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
    /// - [`CommitError::Conflict`] when an aggregate changed, or the unit was committed elsewhere under the same command id,
    ///   with more events or fewer: nothing was written, do the unit again;
    /// - [`CommitError::Unknown`] when the answer got lost, and could not be found within the unit's
    ///   [patience](Self::patience): do it again with the same command id;
    /// - the others say what is wrong with the events or the journal: nothing was written.
    pub async fn commit(self) -> Result<Committed, CommitError> {
        if let Some(committed) = self.repeated {
            return Ok(committed);
        }
        let (mut tries, mut in_doubt) = (Tries::new(&self.patience), false);
        let appended = loop {
            let append = Append { streams: self.parts.iter().map(|part| part.append()).collect() };
            match self.store.append(append).await {
                Ok(appended) => break appended,
                Err(AppendError::Unknown { source }) => {
                    in_doubt = true;
                    if !tries.wait().await {
                        return Err(CommitError::Unknown { source });
                    }
                }
                Err(AppendError::Journal(error)) if tries.wait_after(&error).await => {}
                // Nothing was written this time; before, something may have been.
                Err(AppendError::Journal(error)) if in_doubt => {
                    return Err(CommitError::Unknown { source: error.into() });
                }
                Err(AppendError::DuplicateEvent { stream, .. }) if self.metadata.command_id.is_some() => {
                    return Err(self.decided_elsewhere(stream, &mut tries).await);
                }
                Err(error) => return Err(error.into()),
            }
        };
        let events = self.parts.iter().map(|part| part.events()).sum();
        let Appended { streams, position, repeated, .. } = appended;
        if repeated && let Some(stream) = self.with_other_events(&mut tries).await? {
            return Err(self.decided_elsewhere(stream, &mut tries).await);
        }
        // What was there already may have been decided by another program, otherwise and on another version: it is read by
        // who asks for it next.
        if !repeated {
            for (part, appended) in self.parts.into_iter().zip(streams) {
                part.committed(appended.position).await;
            }
        }
        Ok(Committed { events, position, repeated })
    }

    /// A stream in which the unit, which has been committed, has more events than it gave here: it was decided otherwise by
    /// another program. One in which it has fewer is found by the append, as a duplicate.
    async fn with_other_events(&self, tries: &mut Tries<'_>) -> Result<Option<StreamId>, CommitError> {
        let Some(id) = self.metadata.command_id else { return Ok(None) };
        for part in &self.parts {
            let versions = loop {
                match self.store.find_command(part.stream(), id).await {
                    Err(error) if tries.wait_after(&error).await => {}
                    versions => break versions.map_err(|error| CommitError::Unknown { source: error.into() })?,
                }
            };
            // Those given here are there in a row: the versions are more only where others have the id too.
            let there = versions.map_or(0, |versions| versions.end() - versions.start() + 1);
            if there > part.events() as u64 {
                return Ok(Some(part.stream().clone()));
            }
        }
        Ok(None)
    }

    /// Why the unit is not written where another program, which decided it otherwise, committed it under the same command
    /// id: it lost a race, and done again it is answered with what was done there.
    async fn decided_elsewhere(&self, stream: StreamId, tries: &mut Tries<'_>) -> CommitError {
        let part = self.part_of.get(&stream).and_then(|index| self.parts.get(*index));
        let expected = part.map_or(ExpectedVersion::Any, |part| part.expected());
        loop {
            match self.store.version(&stream).await {
                Ok(actual) => return CommitError::Conflict { stream, expected, actual },
                Err(error) if tries.wait_after(&error).await => {}
                Err(error) => return CommitError::Unknown { source: error.into() },
            }
        }
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
        let index = if let Some(index) = self.part_of.get(stream) {
            *index
        } else {
            let mut tries = Tries::new(&self.patience);
            let part = loop {
                match PartOf::load(repository, stream).await {
                    Err(LoadError::Journal(error)) if tries.wait_after(&error).await => {}
                    part => break part?,
                }
            };
            self.part_of.insert(stream.clone(), self.parts.len());
            self.parts.push(Box::new(part));
            self.parts.len() - 1
        };
        let part: Option<&mut dyn Any> = self.parts.get_mut(index).map(|part| &mut **part as &mut dyn Any);
        part.and_then(|part| part.downcast_mut())
            .ok_or_else(|| LoadError::OtherAggregate { stream: stream.clone(), aggregate: std::any::type_name::<A>() })
    }
}

impl<S> fmt::Debug for UnitOfWork<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let streams: Vec<_> = self.parts.iter().map(|part| (part.stream(), part.events())).collect();
        f.debug_struct("UnitOfWork").field("streams", &streams).finish_non_exhaustive()
    }
}
