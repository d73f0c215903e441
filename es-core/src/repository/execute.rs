//! `Execute`: one command on one aggregate.

use std::borrow::Cow;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::MutexGuard;

use super::cache::Slot;
use super::current::{Current, Decoder};
use super::options::{metadata_options, origin_options};
use super::patience::{Outage, Tries};
use super::{ExecuteError, LoadError, Patience, Repository};
use crate::BoxError;
use crate::aggregate::{Aggregate, Context, Events};
use crate::codec::{Codec, Payload};
use crate::event::{CommandId, EventId, Metadata, Position, StreamId, StreamIdError, Timestamp};
use crate::journal::{Append, AppendError, Appended, ExpectedVersion, Journal, NewEvent, PageSize};
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
        let metadata = metadata.shared();
        Box::pin(async move {
            let slot = repository.inner.cache.slot(&stream);
            let order = Order { stream: &stream, slot: &slot, command: &command, metadata: &metadata, expected };
            repository.execute_order(&order, &repository.inner.patience, &mut None).await
        })
    }
}

// What a command seldom does is boxed where it is done: its future is made anew for each command, so it is to be small.
impl<A: Aggregate, S: Journal + SnapshotStore> Repository<A, S> {
    /// Executes a command, and notes the version and the time that it was decided on last.
    pub(super) async fn execute_order(
        &self,
        order: &Order<'_, A>,
        patience: &Patience,
        decided_on: &mut Option<(u64, Timestamp)>,
    ) -> Result<Outcome<A>, ExecuteError<A::Error>> {
        let (mut turn, mut tries) = turn(order.slot, patience).await;
        let mut attempts = 1;
        loop {
            let result = self.execute_once(order, &mut attempts, &mut tries, decided_on).await;
            match &result {
                // Nothing was written.
                Err(ExecuteError::Journal(error)) if tries.wait_after(error).await => continue,
                Err(ExecuteError::Journal(_) | ExecuteError::Unknown { .. }) => *turn = tries.outage().or(*turn),
                _ => *turn = None,
            }
            return result;
        }
    }

    /// Executes a command, unless the store cannot be used.
    async fn execute_once(
        &self,
        order: &Order<'_, A>,
        attempts: &mut u32,
        tries: &mut Tries,
        decided_on: &mut Option<(u64, Timestamp)>,
    ) -> Result<Outcome<A>, ExecuteError<A::Error>> {
        let Order { stream, slot, command, metadata, expected } = *order;
        let mut attempt = Attempt::begin(self, stream, slot, Arc::clone(metadata)).await?;
        if let Some(outcome) = attempt.repeated().await? {
            return Ok(outcome);
        }
        attempt.expect(expected).await?;
        loop {
            let decision = attempt.decide(command, expected).await;
            *decided_on = Some((attempt.current.version, attempt.context.now()));
            let events = decision?;
            if events.is_empty() {
                return Ok(attempt.unchanged());
            }
            match attempt.append(events, tries).await? {
                Written::Done(outcome) => return Ok(outcome),
                Written::LostTo(actual) => {
                    let wait = match expected {
                        Some(_) => None,
                        None => self.inner.retry.wait_after(*attempts),
                    };
                    let Some(wait) = wait else {
                        let (stream, expected) = (stream.clone(), ExpectedVersion::Exact(attempt.current.version));
                        return Err(ExecuteError::Conflict { stream, expected, actual, attempts: *attempts });
                    };
                    crate::runtime::sleep(wait).await;
                    attempt.go_to(actual).await?;
                    if let Some(outcome) = attempt.repeated().await? {
                        return Ok(outcome);
                    }
                    *attempts += 1;
                }
            }
        }
    }
}

/// Waits for a turn on an aggregate.
async fn turn<'a, A: Aggregate>(slot: &'a Slot<A>, patience: &Patience) -> (MutexGuard<'a, Option<Outage>>, Tries) {
    // Not `try_lock`, which counts for nothing with tokio: a task whose commands never wait would keep its thread for ever.
    let mut lock = pin!(slot.turn.lock());
    let mut waiting_since = None;
    let turn = poll_fn(|context| {
        let polled = lock.as_mut().poll(context);
        if polled.is_pending() {
            waiting_since.get_or_insert_with(Instant::now);
        }
        polled
    })
    .await;
    let tries = waiting_since.map_or_else(|| Tries::new(*patience), |since| Tries::after(*patience, *turn, since));
    (turn, tries)
}

/// A command to be executed.
pub(super) struct Order<'a, A: Aggregate> {
    pub(super) stream: &'a StreamId,
    pub(super) slot: &'a Arc<Slot<A>>,
    pub(super) command: &'a A::Command,
    pub(super) metadata: &'a Arc<Metadata>,
    pub(super) expected: Option<u64>,
}

/// A command under way on one aggregate: the state that it is decided on, and where that comes from.
struct Attempt<'a, A: Aggregate, S> {
    repository: &'a Repository<A, S>,
    stream: &'a StreamId,
    slot: &'a Arc<Slot<A>>,
    /// What it is decided in: now, each time.
    context: Context,
    current: Current<A>,
    /// Whether `current` was read from the journal for this command. One from the cache may be outdated: good enough
    /// to append on, since the journal checks the version, but not to reject on.
    fresh: bool,
}

enum Written<A: Aggregate> {
    Done(Outcome<A>),
    /// Another writer was faster: the stream has this version now.
    LostTo(u64),
}

impl<'a, A: Aggregate, S: Journal + SnapshotStore> Attempt<'a, A, S> {
    async fn begin(
        repository: &'a Repository<A, S>,
        stream: &'a StreamId,
        slot: &'a Arc<Slot<A>>,
        metadata: Arc<Metadata>,
    ) -> Result<Self, LoadError> {
        let (current, fresh) = match slot.get() {
            Some(current) => (current, false),
            None => (Box::pin(repository.load_current(stream, slot, u64::MAX)).await?, true),
        };
        let context = Context::new(Timestamp::MIN, metadata);
        Ok(Self { repository, stream, slot, context, current, fresh })
    }

    /// What the command did, if it has been executed before.
    async fn repeated(&self) -> Result<Option<Outcome<A>>, LoadError> {
        match self.context.command_id() {
            Some(id) => Box::pin(self.repository.outcome_of(self.stream, self.slot, id)).await,
            None => Ok(None),
        }
    }

    /// Makes sure that the state is that of the version that the caller saw.
    async fn expect(&mut self, expected: Option<u64>) -> Result<(), ExecuteError<A::Error>> {
        let Some(expected) = expected else { return Ok(()) };
        if self.current.version != expected {
            self.refresh().await?;
        }
        let actual = self.current.version;
        if actual == expected {
            return Ok(());
        }
        let (stream, expected) = (self.stream.clone(), ExpectedVersion::Exact(expected));
        Err(ExecuteError::Conflict { stream, expected, actual, attempts: 0 })
    }

    async fn decide(
        &mut self,
        command: &A::Command,
        expected: Option<u64>,
    ) -> Result<Events<A>, ExecuteError<A::Error>> {
        loop {
            self.context.set_now(self.repository.inner.clock.now());
            let decision = self.current.state.handle_command(command.clone(), &self.context);
            let stands = self.fresh || decision.as_ref().is_ok_and(|events| !events.is_empty());
            if stands || !self.refresh().await? {
                return decision.map_err(ExecuteError::Rejected);
            }
            self.expect(expected).await?;
        }
    }

    /// Goes to the version that the journal has; gives whether the state is another one then.
    async fn refresh(&mut self) -> Result<bool, LoadError> {
        if self.fresh {
            return Ok(false);
        }
        let actual = self.repository.inner.store.version(self.stream).await?;
        if actual == self.current.version {
            self.fresh = true;
            return Ok(false);
        }
        self.go_to(actual).await?;
        Ok(true)
    }

    async fn go_to(&mut self, actual: u64) -> Result<(), LoadError> {
        if actual < self.current.version {
            // The journal is older than what was kept: it was put back to an earlier state.
            self.slot.clear();
            self.current = Box::pin(self.repository.load_current(self.stream, self.slot, u64::MAX)).await?;
        } else {
            Box::pin(self.current.catch_up(&self.repository.inner.store, self.stream, u64::MAX)).await?;
            self.slot.put(&self.current);
        }
        self.fresh = true;
        Ok(())
    }

    async fn append(&mut self, events: Events<A>, tries: &mut Tries) -> Result<Written<A>, ExecuteError<A::Error>> {
        let ids = EventIds::of(&self.context, 0);
        let expected = ExpectedVersion::Exact(self.current.version);
        let unknown = |source| ExecuteError::Unknown { stream: self.stream.clone(), source };
        let mut in_doubt = false;
        let (appended, events) = loop {
            let (new, written) = encode(self.stream, &events, &ids, self.context.metadata())
                .map_err(|source| ExecuteError::Encode { stream: self.stream.clone(), source })?;
            let append = Append::to_stream(self.stream.clone(), expected, new);
            match self.repository.inner.store.append(append).await {
                Ok(appended) => break (appended, written),
                Err(AppendError::Unknown { source }) => {
                    in_doubt = true;
                    if !tries.wait().await {
                        return Err(unknown(source));
                    }
                }
                // The journal looks for the events before it compares versions, so they are not there.
                Err(AppendError::Conflict { actual, .. }) => return Ok(Written::LostTo(actual)),
                // Nothing was written, so the same events are tried again.
                Err(AppendError::Journal(error)) if tries.wait_after(&error).await => {}
                // Nothing was written this time; before, something may have been.
                Err(AppendError::Journal(error)) if in_doubt => return Err(unknown(error.into())),
                Err(AppendError::Journal(error)) => return Err(ExecuteError::Journal(error)),
                Err(error) => {
                    // The same command, decided by another program at the same time, gave other events.
                    return match self.repeated().await? {
                        Some(outcome) => Ok(Written::Done(outcome)),
                        None => Err(ExecuteError::Append(error)),
                    };
                }
            }
        };
        if appended.repeated {
            // What was written may be read another time.
            loop {
                match self.repeated().await {
                    Ok(Some(outcome)) => return Ok(Written::Done(outcome)),
                    Ok(None) => break,
                    Err(LoadError::Journal(error)) if tries.wait_after(&error).await => {}
                    Err(error) => return Err(unknown(error.into())),
                }
            }
        }
        Ok(Written::Done(self.written(events, &ids, &appended).await))
    }

    /// Takes over what was written.
    async fn written(&mut self, events: Events<A>, ids: &EventIds, appended: &Appended) -> Outcome<A> {
        let before = self.current.version;
        // With the cache's share of the state gone, it can be changed in place.
        drop(self.slot.take());
        self.current.change(|state| events.iter().for_each(|event| state.apply_event(event)));
        self.current.version = before + events.len() as u64;
        self.current.position = appended.position;
        self.current.last_event = events.len().checked_sub(1).map(|last| ids.id(self.stream, last));
        self.slot.put(&self.current);
        if let Some(snapshot) = self.repository.snapshot_if_due(self.stream, self.slot, before, &self.current) {
            snapshot.await;
        }
        Outcome { events: events.into_vec(), ..self.unchanged() }
    }

    fn unchanged(&self) -> Outcome<A> {
        Outcome {
            events: Vec::new(),
            state: Arc::clone(&self.current.state),
            version: self.current.version,
            position: self.current.position,
            repeated: false,
        }
    }
}

/// Gives the ids of the events of one append: the same ones each time it is made.
pub(super) enum EventIds {
    /// Those that belong to step `step` of a command.
    OfCommand { command: CommandId, step: u32 },
    /// Those that follow a new id.
    From(EventId),
}

impl EventIds {
    pub(super) fn of(context: &Context, step: u32) -> Self {
        match context.command_id() {
            Some(command) => Self::OfCommand { command, step },
            None => Self::From(EventId::of_append(context.now())),
        }
    }

    pub(super) fn id(&self, stream: &StreamId, index: usize) -> EventId {
        // An append has at most 1,000 events.
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        match *self {
            Self::OfCommand { command, step } => EventId::of_command(command, stream, step, index),
            Self::From(first) => first.nth(index),
        }
    }
}

/// Makes events for the journal of those of a decision, and gives them as they will read back.
///
/// An event that does not read back (a float that JSON has no number for, a serde attribute that works one way only)
/// is an error here, where nothing is written yet: in the journal it would be in the way of its aggregate for ever.
/// And the state goes on from what was written, not from what was meant, so it is the same before and after a restart.
pub(super) fn encode<A: Aggregate>(
    stream: &StreamId,
    events: &Events<A>,
    ids: &EventIds,
    metadata: &Arc<Metadata>,
) -> Result<(Vec<NewEvent>, Events<A>), BoxError> {
    let mut new = Vec::with_capacity(events.len());
    let mut written = Events::none();
    for (index, event) in events.iter().enumerate() {
        let mut payload = Vec::with_capacity(128);
        let kind = A::encode_event(event, &mut payload)?;
        let read = Payload { format: A::Codec::FORMAT, bytes: &payload };
        written.extend(A::decode_event(A::resolve(kind.name)?, kind.version, read)?);
        new.push(NewEvent {
            id: ids.id(stream, index),
            name: Cow::Borrowed(kind.name),
            version: kind.version,
            format: Cow::Borrowed(A::Codec::FORMAT),
            payload,
            metadata: Arc::clone(metadata),
        });
    }
    Ok((new, written))
}

impl<A: Aggregate, S: Journal + SnapshotStore> Repository<A, S> {
    /// What the command `id` did on a stream, if it did anything.
    async fn outcome_of(
        &self,
        stream: &StreamId,
        slot: &Slot<A>,
        id: CommandId,
    ) -> Result<Option<Outcome<A>>, LoadError> {
        let journal = &self.inner.store;
        let Some(versions) = journal.find_command(stream, id).await? else { return Ok(None) };
        let (mut from, to) = versions.into_inner();
        let mut events = Vec::new();
        let mut decoder;
        loop {
            let page = journal.read_stream(stream, from..=to, PageSize::default()).await?;
            decoder = Decoder::new();
            for raw in page.iter().filter(|raw| raw.metadata.command_id == Some(id)) {
                events.extend(decoder.decode::<A>(&raw)?);
            }
            match page.last() {
                Some(last) if page.more() => from = last.version + 1,
                _ => break,
            }
        }
        let current = self.load_current(stream, slot, to).await?;
        let Current { state, version, position, .. } = current;
        Ok(Some(Outcome { events, state, version, position, repeated: true }))
    }
}
