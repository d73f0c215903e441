//! `Execute`: one command on one aggregate.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::MutexGuard;

use super::attempt::Attempt;
use super::cache::Slot;
use super::options::{metadata_options, origin_options};
use super::patience::{Outage, Tries};
use super::{ExecuteError, Patience, Repository};
use crate::aggregate::{Aggregate, Context};
use crate::event::{Metadata, Position, StreamId, StreamIdError, Timestamp};
use crate::journal::Journal;
use crate::snapshot::SnapshotStore;

/// What a command did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Outcome<A: Aggregate> {
    /// The events that the command led to, now in the journal; none if it changed nothing.
    pub events: Vec<A::Event>,
    /// The state after them, shared with the cache.
    pub state: Arc<A>,
    /// The version of the last of them, or of the state that the command did not change.
    pub version: u64,
    /// The position of the last event of that version: what a reader of the journal has to reach to see the outcome.
    pub position: Position,
    /// Whether the command had been executed before, under the same command id.
    pub repeated: bool,
}

/// A command on its way to an aggregate: made by [`Repository::execute`], executed when it is awaited.
#[must_use = "a command is executed when it is awaited"]
pub struct Execute<A: Aggregate, S> {
    repository: Repository<A, S>,
    stream: Result<StreamId, StreamIdError>,
    command: A::Command,
    metadata: Metadata,
    expected: Option<u64>,
}

impl<A: Aggregate, S: Journal + SnapshotStore> Execute<A, S> {
    pub(super) fn new(
        repository: Repository<A, S>,
        stream: Result<StreamId, StreamIdError>,
        command: A::Command,
    ) -> Self {
        Self { repository, stream, command, metadata: Metadata::default(), expected: None }
    }

    metadata_options!();

    /// Executes the command only if the aggregate is at this version, as a caller saw it; 0 is one without events.
    ///
    /// At another version it is an [`ExecuteError::Conflict`] at once, whatever [`Retry`](super::Retry) says.
    pub fn expected_version(mut self, version: u64) -> Self {
        self.expected = Some(version);
        self
    }
}

impl<A: Aggregate, S: Journal + SnapshotStore> IntoFuture for Execute<A, S> {
    type Output = Result<Outcome<A>, ExecuteError<A::Error>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { repository, stream, command, metadata, expected } = self;
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => return Box::pin(std::future::ready(Err(error.into()))),
        };
        let mut order = repository.order(stream, command, metadata, expected);
        Box::pin(async move { repository.execute_order(&mut order, &repository.inner.patience, &mut None).await })
    }
}

/// A command to be executed.
pub(super) struct Order<A: Aggregate> {
    pub(super) target: Target<A>,
    pub(super) command: A::Command,
    /// What it is decided in: now, each time.
    pub(super) context: Context,
    pub(super) expected: Option<u64>,
}

/// The aggregate that a command is for.
pub(super) struct Target<A: Aggregate> {
    pub(super) stream: StreamId,
    pub(super) slot: Arc<Slot<A>>,
}

// What a command seldom does is boxed where it is done. Its future is made anew for each command, so it is to be small: beyond
// a kilobyte an allocator takes much longer for it.
impl<A: Aggregate, S: Journal + SnapshotStore> Repository<A, S> {
    pub(super) fn order(
        &self,
        stream: StreamId,
        command: A::Command,
        metadata: Metadata,
        expected: Option<u64>,
    ) -> Order<A> {
        let target = Target { slot: self.inner.cache.slot(&stream), stream };
        Order { target, command, context: Context::new(Timestamp::MIN, metadata.shared()), expected }
    }

    /// Executes a command, and notes the version and the time that it was decided on last.
    pub(super) async fn execute_order(
        &self,
        order: &mut Order<A>,
        patience: &Patience,
        decided_on: &mut Option<(u64, Timestamp)>,
    ) -> Result<Outcome<A>, ExecuteError<A::Error>> {
        let Order { target, command, context, expected } = order;
        let (mut turn, mut tries) = turn(&target.slot, patience).await;
        let mut attempts = 1;
        loop {
            let result = match Attempt::begin(self, target, context).await {
                Ok(mut attempt) => attempt.execute(command, *expected, &mut attempts, &mut tries, decided_on).await,
                Err(error) => Err(error.into()),
            };
            match &result {
                // Nothing was written.
                Err(ExecuteError::Journal(error)) if tries.wait_after(error).await => continue,
                Err(ExecuteError::Journal(_) | ExecuteError::Unknown { .. }) => *turn = tries.outage().or(*turn),
                _ => *turn = None,
            }
            return result;
        }
    }
}

type Turn<'a> = MutexGuard<'a, Option<Outage>>;

/// Takes a turn on an aggregate.
async fn turn<'a, 'p, A: Aggregate>(slot: &'a Slot<A>, patience: &'p Patience) -> (Turn<'a>, Tries<'p>) {
    #[cfg(feature = "tokio")]
    {
        // `try_lock` counts for nothing with tokio: a task whose commands never wait would keep its thread for ever.
        tokio::task::consume_budget().await;
        if let Ok(turn) = slot.turn.try_lock() {
            return (turn, Tries::new(patience));
        }
    }
    Box::pin(wait_for_turn(slot, patience)).await
}

async fn wait_for_turn<'a, 'p, A: Aggregate>(slot: &'a Slot<A>, patience: &'p Patience) -> (Turn<'a>, Tries<'p>) {
    let waiting_since = Instant::now();
    let turn = slot.turn.lock().await;
    let tries = Tries::after(patience, *turn, waiting_since);
    (turn, tries)
}
