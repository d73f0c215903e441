//! `Targets`: the aggregates that a reaction sends commands to.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::KeptAnswer;
use crate::aggregate::{Aggregate, Decision};
use crate::event::{Metadata, StreamId, Timestamp};
use crate::journal::Journal;
use crate::projection::BoxFuture;
use crate::repository::{ExecuteError, LoadError, Loaded, Outcome, Repository};
use crate::snapshot::SnapshotStore;

/// The aggregates that a reaction sends commands to, each with its repository. Made by the derive.
#[derive(Default)]
pub struct Targets(Mutex<HashMap<TypeId, AnyTarget>>);

/// An `Arc<dyn Target<A>>` of any `A`.
type AnyTarget = Box<dyn Any + Send + Sync>;

/// The state that a command was decided on, and when.
pub(super) type DecidedOn = Option<(u64, Timestamp)>;

/// What a command was decided on before, and how it is decided on that.
type Again<A> = Result<(Loaded<A>, Decision<A>), LoadError>;

/// Executes commands on aggregates of one type, whatever their store.
pub(super) trait Target<A: Aggregate>: Send + Sync {
    fn execute<'a>(
        &'a self,
        stream: StreamId,
        command: A::Command,
        metadata: Metadata,
        decided_on: &'a mut DecidedOn,
    ) -> BoxFuture<'a, Result<Outcome<A>, ExecuteError<A::Error>>>;

    /// Decides a command as it was decided before, and gives the state that it was decided on.
    fn decide_again<'a>(
        &'a self,
        answer: &'a KeptAnswer,
        command: A::Command,
        metadata: Metadata,
    ) -> BoxFuture<'a, Again<A>>;

    fn load(&self, stream: StreamId, version: Option<u64>) -> BoxFuture<'_, Result<Loaded<A>, LoadError>>;
}

impl<A: Aggregate, S: Journal + SnapshotStore> Target<A> for Repository<A, S> {
    fn execute<'a>(
        &'a self,
        stream: StreamId,
        command: A::Command,
        metadata: Metadata,
        decided_on: &'a mut DecidedOn,
    ) -> BoxFuture<'a, Result<Outcome<A>, ExecuteError<A::Error>>> {
        Box::pin(self.execute_noting(stream, command, metadata, decided_on))
    }

    fn decide_again<'a>(
        &'a self,
        answer: &'a KeptAnswer,
        command: A::Command,
        metadata: Metadata,
    ) -> BoxFuture<'a, Again<A>> {
        Box::pin(self.decide_again(&answer.stream, answer.version, answer.decided_at, command, metadata))
    }

    fn load(&self, stream: StreamId, version: Option<u64>) -> BoxFuture<'_, Result<Loaded<A>, LoadError>> {
        Box::pin(async move {
            let load = self.load_stream(stream);
            match version {
                Some(version) => load.at_version(version).await,
                None => load.await,
            }
        })
    }
}

impl Targets {
    /// Adds an aggregate whose events are in this journal.
    pub fn add<A: Aggregate, J: Journal + SnapshotStore + Clone>(&self, journal: &J) {
        self.set(&Repository::<A, J>::new(journal));
    }

    /// Has commands go through this repository.
    pub(super) fn set<A: Aggregate, J: Journal + SnapshotStore>(&self, repository: &Repository<A, J>) {
        let target: Arc<dyn Target<A>> = Arc::new(repository.clone());
        self.all().insert(TypeId::of::<A>(), Box::new(target));
    }

    pub(super) fn get<A: Aggregate>(&self) -> Option<Arc<dyn Target<A>>> {
        let all = self.all();
        let target: &Arc<dyn Target<A>> = all.get(&TypeId::of::<A>())?.downcast_ref()?;
        Some(Arc::clone(target))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<TypeId, AnyTarget>> {
        // Each change is one insertion: a panic leaves none half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Targets").field("aggregates", &self.all().len()).finish()
    }
}
