//! `Commands`: what a reaction sends, and the timers that it sets.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::targets::{DecidedOn, Target};
use super::{KeptAnswer, Reaction, SentBy, Targets, Timer};
use crate::BoxError;
use crate::aggregate::{Aggregate, CommandOf, IdOf};
use crate::event::{CausationId, CommandId, CorrelationId, Metadata, StreamId, StreamIdError, Timestamp, unique};
use crate::journal::{JournalError, RawEvent};
use crate::projection::{BoxFuture, ReadStoreError, Stumble};
use crate::repository::{ExecuteError, LoadError, Loaded, Outcome};

/// The namespace of what a reaction sends commands on, for UUIDv5 (RFC 9562, section 5.5).
const NAMESPACE: Uuid = Uuid::from_u128(0x6573_0000_7265_6163_8069_6f6e_2063_6d64);

/// Sends the commands of a reaction to one event, and sets its timers.
///
/// Commands are executed one after the other, each in a transaction of its own, when they are awaited. Each has an id that
/// is made of the event's id, the reaction's name and its own number among those of the event: sent again, after a crash, it
/// changes nothing and is answered as before. Their events have the event's id as causation id, its correlation id (or
/// its own id where it has none), and the reaction's name as actor.
///
/// What a command answers may be built upon. Where it left nothing in the journal, since it was rejected or changed
/// nothing, the answer is kept in the store before the next command is sent, until the event has been reacted to.
pub struct Commands<R> {
    targets: Arc<Targets>,
    keeper: Arc<dyn KeepAnswers>,
    occasion: Uuid,
    stream: StreamId,
    version: u64,
    /// What timers count from.
    at: Timestamp,
    metadata: Metadata,
    event: crate::event::EventId,
    index: u32,
    ordinal: u32,
    /// Answers of an earlier try.
    pub(super) kept: Vec<KeptAnswer>,
    /// Answers that are not kept yet.
    pub(super) unkept: Vec<KeptAnswer>,
    pub(super) timers: Vec<TimerChange>,
    trouble: Option<Stumble>,
    /// What was sent, for tests.
    sent: Option<Vec<SentCommand>>,
    of: PhantomData<fn() -> R>,
}

/// A command that was sent, as a test looks at it.
pub(crate) struct SentCommand {
    pub(crate) stream: StreamId,
    /// As `Debug` has it.
    pub(crate) command: String,
}

/// What becomes of timers.
#[derive(Debug, Clone)]
pub(crate) enum TimerChange {
    Set(Timer),
    Remove(StreamId, String),
}

impl TimerChange {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Set(timer) => &timer.name,
            Self::Remove(_, name) => name,
        }
    }
}

/// Keeps answers, under the lease of the reaction.
pub(super) trait KeepAnswers: Send + Sync {
    fn keep(&self, answers: Vec<KeptAnswer>) -> BoxFuture<'_, Result<(), ReadStoreError>>;
}

/// What an aggregate makes of a command, if it got to it.
type Answered<A> = Result<Result<Outcome<A>, <A as Aggregate>::Error>, SendError>;

/// Says why a command of a reaction did nothing, or why that is not known.
///
/// A reaction gives it on, by `?`; it is tried again then.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// The aggregate rejected the command. Nothing was written. A reaction that has an answer to that uses
    /// [`try_send`](Commands::try_send).
    Rejected {
        /// The aggregate's stream.
        stream: StreamId,
        /// The command.
        command: String,
        /// The domain's error.
        source: BoxError,
    },
    /// The command cannot be executed. Nothing was written.
    Failed {
        /// The aggregate's stream.
        stream: StreamId,
        /// The command.
        command: String,
        /// What is wrong.
        source: BoxError,
    },
    /// A store failed, so that the command was not executed, or that is not known. Whatever the reaction makes of this error,
    /// the event is reacted to again.
    Interrupted {
        /// The aggregate's stream.
        stream: StreamId,
        /// The command.
        command: String,
        /// What happened.
        reason: String,
    },
    /// The command had been sent before and had left nothing in the journal; now it is another command, or the aggregate
    /// decides otherwise on the same state. What followed from the answer may have been done: have the program decide as
    /// before, until the event has been reacted to.
    OtherAnswer {
        /// The aggregate's stream.
        stream: StreamId,
        /// The command.
        command: String,
    },
    /// The event is not from an aggregate of this type.
    NotItsOwn {
        /// The stream of the event.
        stream: StreamId,
        /// The name of the aggregate that it was taken for.
        aggregate: &'static str,
    },
    /// There can be no aggregate with this id.
    Id(StreamIdError),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected { stream, command, source } => write!(f, "`{stream}` rejected {command}: {source}"),
            Self::Failed { stream, command, source } => write!(f, "cannot execute {command} on `{stream}`: {source}"),
            Self::Interrupted { stream, command, reason } => {
                write!(f, "{command} on `{stream}` is to be sent again: {reason}")
            }
            Self::OtherAnswer { stream, command } => write!(
                f,
                "{command} on `{stream}` was answered before, with nothing done; now the answer would be another one"
            ),
            Self::NotItsOwn { stream, aggregate } => {
                write!(f, "the event is from `{stream}`, which is no `{aggregate}`")
            }
            Self::Id(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl Error for SendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Id(error) => error.source(),
            Self::Rejected { source, .. } | Self::Failed { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

impl From<StreamIdError> for SendError {
    fn from(error: StreamIdError) -> Self {
        Self::Id(error)
    }
}

// Functions that give a future, and not async ones: a command that cannot be sent is one error then, and not three.
impl<R: Reaction> Commands<R> {
    pub(super) fn new(
        raw: &RawEvent<'_>,
        timer: Option<&Timer>,
        targets: Arc<Targets>,
        keeper: Arc<dyn KeepAnswers>,
    ) -> Self {
        let event_id = raw.id.as_uuid();
        let correlation_id = raw.metadata.correlation_id.unwrap_or_else(|| CorrelationId::from_uuid(event_id));
        Self {
            targets,
            keeper,
            occasion: occasion::<R>(event_id, timer),
            stream: raw.stream.clone(),
            version: raw.version,
            at: timer.map_or(raw.recorded_at, |timer| timer.due),
            metadata: Metadata {
                actor: Some(R::NAME.to_owned()),
                correlation_id: Some(correlation_id),
                causation_id: Some(CausationId::from(raw.id)),
                ..Metadata::default()
            },
            event: raw.id,
            index: 0,
            ordinal: 0,
            kept: Vec::new(),
            unkept: Vec::new(),
            timers: timer
                .map(|timer| TimerChange::Remove(timer.stream.clone(), timer.name.clone()))
                .into_iter()
                .collect(),
            trouble: None,
            sent: None,
            of: PhantomData,
        }
    }

    /// What commands are sent on.
    pub(super) fn occasion(&self) -> Uuid {
        self.occasion
    }

    /// Goes on to the event with this index, of those that a retired one became.
    pub(super) fn turn_to(&mut self, index: u32) {
        self.index = index;
        self.ordinal = 0;
    }

    /// The failure of a store, if there was one.
    pub(super) fn trouble(&mut self) -> Option<Stumble> {
        self.trouble.take()
    }

    /// Keeps what is sent, for a test.
    pub(crate) fn record(&mut self) {
        self.sent = Some(Vec::new());
    }

    /// Sends a command to the aggregate `id`. A rejection is an error, and has the event tried again: where it may come,
    /// and something follows from it, [`try_send`](Self::try_send) it is.
    ///
    /// # Errors
    ///
    /// [`SendError::Rejected`] with the domain's error; the others say what is wrong. Give them on by `?`.
    pub fn send<A: Aggregate + SentBy<R>>(
        &mut self,
        id: impl IdOf<A>,
        command: impl CommandOf<A> + Into<A::Command>,
    ) -> BoxFuture<'_, Result<Outcome<A>, SendError>> {
        let (stream, command) = (StreamId::new(A::NAME, &id.id_text()), command.into());
        Box::pin(async move { self.insist(stream?, command).await })
    }

    /// Sends a command to the aggregate `id` that may reject it: that is an answer too, for the reaction to act upon.
    ///
    /// ```ignore
    /// match commands.try_send(&transfer.to, Deposit { amount }).await? {
    ///     Ok(_) => commands.reply(NoteDeposit).await?,
    ///     Err(rejection) => commands.reply(GiveBack { reason: rejection.to_string() }).await?,
    /// };
    /// ```
    ///
    /// # Errors
    ///
    /// They say why there is no answer. Give them on by `?`.
    pub fn try_send<A: Aggregate + SentBy<R>>(
        &mut self,
        id: impl IdOf<A>,
        command: impl CommandOf<A> + Into<A::Command>,
    ) -> BoxFuture<'_, Answered<A>> {
        let (stream, command) = (StreamId::new(A::NAME, &id.id_text()), command.into());
        Box::pin(async move { self.execute(stream?, command).await })
    }

    /// Sends a command to the aggregate that the event is from, as [`send`](Self::send) does.
    ///
    /// # Errors
    ///
    /// [`SendError::NotItsOwn`] for an event of another aggregate, and those of [`send`](Self::send).
    pub fn reply<A: Aggregate + SentBy<R>>(
        &mut self,
        command: impl CommandOf<A> + Into<A::Command>,
    ) -> BoxFuture<'_, Result<Outcome<A>, SendError>> {
        let (stream, command) = (self.own_stream::<A>(), command.into());
        Box::pin(async move { self.insist(stream?, command).await })
    }

    /// Sends a command to the aggregate that the event is from, as [`try_send`](Self::try_send) does.
    ///
    /// # Errors
    ///
    /// [`SendError::NotItsOwn`] for an event of another aggregate, and those of [`try_send`](Self::try_send).
    pub fn try_reply<A: Aggregate + SentBy<R>>(
        &mut self,
        command: impl CommandOf<A> + Into<A::Command>,
    ) -> BoxFuture<'_, Answered<A>> {
        let (stream, command) = (self.own_stream::<A>(), command.into());
        Box::pin(async move { self.execute(stream?, command).await })
    }

    /// The aggregate that the event is from, as it was right after the event: what a process has come to.
    ///
    /// It is the same each time the event is reacted to.
    ///
    /// # Errors
    ///
    /// [`SendError::NotItsOwn`] for an event of another aggregate, and [`SendError::Interrupted`] or
    /// [`SendError::Failed`] when it cannot be loaded.
    pub fn source<A: Aggregate + SentBy<R>>(&mut self) -> BoxFuture<'_, Result<Loaded<A>, SendError>> {
        let (stream, version) = (self.own_stream::<A>(), self.version);
        Box::pin(async move { self.load_at(stream?, Some(version)).await })
    }

    /// The aggregate `id` as it is now. When the event is reacted to again it may have changed: what is sent must not depend on
    /// that.
    ///
    /// # Errors
    ///
    /// [`SendError::Interrupted`] or [`SendError::Failed`] when it cannot be loaded.
    pub fn load<A: Aggregate + SentBy<R>>(&mut self, id: impl IdOf<A>) -> BoxFuture<'_, Result<Loaded<A>, SendError>> {
        let stream = StreamId::new(A::NAME, &id.id_text());
        Box::pin(async move { self.load_at(stream?, None).await })
    }

    /// Sets a timer: [`wake`](super::React::wake) is called with the event again, `time` after it was recorded; from
    /// `wake` itself, `time` after the timer was due.
    ///
    /// The event's stream has one timer of this name: set again, it takes the place of the one before. It is there once the
    /// event has been reacted to, survives a restart, and fires at least once, with the same ids of commands each time. It
    /// fires before events that are recorded after it is due, also where the program did not run then.
    pub fn after(&mut self, time: Duration, name: impl Into<String>) {
        // One that is set from `wake` is always a later one.
        let due = (self.at + time).max(self.at + Duration::from_micros(1));
        let (stream, name) = (self.stream.clone(), name.into());
        let (event, version, index) = (self.event, self.version, self.index);
        self.timers.push(TimerChange::Set(Timer { stream, name, event, version, index, due, error: None }));
    }

    /// Takes away the timer of the event's stream that has this name, if there is one.
    pub fn cancel(&mut self, name: impl Into<String>) {
        self.timers.push(TimerChange::Remove(self.stream.clone(), name.into()));
    }

    fn own_stream<A: Aggregate>(&self) -> Result<StreamId, SendError> {
        if self.stream.aggregate() == A::NAME {
            return Ok(self.stream.clone());
        }
        Err(SendError::NotItsOwn { stream: self.stream.clone(), aggregate: A::NAME })
    }

    async fn load_at<A: Aggregate>(&mut self, stream: StreamId, version: Option<u64>) -> Result<Loaded<A>, SendError> {
        let target = target::<A>(&self.targets, &stream)?;
        let loaded = target.load(stream.clone(), version).await;
        loaded.map_err(|error| self.load_failed(stream, error))
    }

    async fn insist<A: Aggregate>(&mut self, stream: StreamId, command: A::Command) -> Result<Outcome<A>, SendError> {
        let shown = format!("{command:?}");
        match self.execute(stream.clone(), command).await? {
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(SendError::Rejected { stream, command: shown, source: error.into() }),
        }
    }

    async fn execute<A: Aggregate>(&mut self, stream: StreamId, command: A::Command) -> Answered<A> {
        let shown = format!("{command:?}");
        if self.trouble.is_some() {
            let reason = "a command before it was".to_owned();
            return Err(SendError::Interrupted { stream, command: shown, reason });
        }
        let id = self.next_id();
        if let Some(sent) = &mut self.sent {
            sent.push(SentCommand { stream: stream.clone(), command: shown.clone() });
        }
        let metadata = Metadata { command_id: Some(id), ..self.metadata.clone() };
        if let Some(answer) = self.kept.iter().find(|kept| kept.command == id).cloned() {
            return self.answer_again(&answer, stream, command, metadata).await;
        }
        self.keep_answers(&stream, &shown).await?;
        let target = target::<A>(&self.targets, &stream)?;
        let mut decided_on = None;
        match target.execute(stream.clone(), command, metadata, &mut decided_on).await {
            Ok(outcome) => {
                if outcome.events.is_empty() {
                    self.note(id, stream, decided_on);
                }
                Ok(Ok(outcome))
            }
            Err(ExecuteError::Rejected(error)) => {
                self.note(id, stream, decided_on);
                Ok(Err(error))
            }
            Err(error) => Err(self.execute_failed(stream, shown, error)),
        }
    }

    /// What the command was answered before.
    async fn answer_again<A: Aggregate>(
        &mut self,
        answer: &KeptAnswer,
        stream: StreamId,
        command: A::Command,
        metadata: Metadata,
    ) -> Answered<A> {
        let shown = format!("{command:?}");
        if answer.stream != stream {
            return Err(SendError::OtherAnswer { stream, command: shown });
        }
        match target::<A>(&self.targets, &stream)?.decide_again(answer, command, metadata).await {
            Ok((_, Err(error))) => Ok(Err(error)),
            Ok((loaded, Ok(events))) if events.is_empty() => Ok(Ok(loaded.into_outcome())),
            Ok(_) => Err(SendError::OtherAnswer { stream, command: shown }),
            Err(error) => Err(self.load_failed(stream, error)),
        }
    }

    fn next_id(&mut self) -> CommandId {
        let id = unique::v5(&self.occasion, &[&self.index.to_be_bytes(), &self.ordinal.to_be_bytes()]);
        self.ordinal += 1;
        CommandId::from_uuid(id)
    }

    /// Notes that a command left nothing in the journal.
    fn note(&mut self, command: CommandId, stream: StreamId, decided_on: DecidedOn) {
        if let Some((version, decided_at)) = decided_on {
            self.unkept.push(KeptAnswer { occasion: self.occasion, command, stream, version, decided_at });
        }
    }

    /// Keeps the answers that what comes next may follow from.
    async fn keep_answers(&mut self, stream: &StreamId, command: &str) -> Result<(), SendError> {
        if self.unkept.is_empty() {
            return Ok(());
        }
        match self.keeper.keep(self.unkept.clone()).await {
            Ok(()) => {
                self.kept.append(&mut self.unkept);
                Ok(())
            }
            Err(error) => {
                let (stream, command, reason) = (stream.clone(), command.to_owned(), error.to_string());
                self.trouble = Some(Stumble::Store(error));
                Err(SendError::Interrupted { stream, command, reason })
            }
        }
    }

    fn execute_failed<E>(&mut self, stream: StreamId, command: String, error: ExecuteError<E>) -> SendError
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let reason = error.to_string();
        let trouble = match error {
            ExecuteError::Journal(error) => error,
            // Sent again it is decided again, or found in the journal.
            error @ (ExecuteError::Conflict { .. } | ExecuteError::Unknown { .. }) => failed(error.into()),
            other => return SendError::Failed { stream, command, source: other.into() },
        };
        self.trouble = Some(Stumble::Journal(trouble));
        SendError::Interrupted { stream, command, reason }
    }

    fn load_failed(&mut self, stream: StreamId, error: LoadError) -> SendError {
        let command = "loading it".to_owned();
        match error {
            LoadError::Journal(error) => {
                let reason = error.to_string();
                self.trouble = Some(Stumble::Journal(error));
                SendError::Interrupted { stream, command, reason }
            }
            other => SendError::Failed { stream, command, source: other.into() },
        }
    }
}

impl<R> Commands<R> {
    /// What was sent, and which timers were set or taken away.
    pub(crate) fn into_recorded(self) -> (Vec<SentCommand>, Vec<TimerChange>) {
        (self.sent.unwrap_or_default(), self.timers)
    }
}

fn failed(source: BoxError) -> JournalError {
    JournalError::Failed { store: "the journal".to_owned(), action: "execute a command", source }
}

/// The aggregates of a reaction are those that the compiler lets it send to.
fn target<A: Aggregate>(targets: &Targets, stream: &StreamId) -> Result<Arc<dyn Target<A>>, SendError> {
    let missing = || SendError::NotItsOwn { stream: stream.clone(), aggregate: A::NAME };
    targets.get::<A>().ok_or_else(missing)
}

/// What commands are sent on: an event, or a timer of it.
fn occasion<R: Reaction>(event: Uuid, timer: Option<&Timer>) -> Uuid {
    let mut name = R::NAME.as_bytes().to_vec();
    if let Some(timer) = timer {
        name.push(0);
        name.extend(timer.due.as_micros().to_be_bytes());
        name.extend(timer.name.as_bytes());
    }
    unique::v5(&unique::v5(&NAMESPACE, &[event.as_bytes()]), &[&name])
}

impl<R> fmt::Debug for Commands<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commands").field("stream", &self.stream).field("version", &self.version).finish_non_exhaustive()
    }
}
