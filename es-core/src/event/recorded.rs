//! What the journal knows of an event beside its content: `Position`, `Metadata`, `Recorded`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::{CausationId, CommandId, CorrelationId, EventId, StreamId, Timestamp};

/// A place in the order of the whole journal.
///
/// Later events have greater positions. Positions may have gaps, and a store may need two numbers
/// to keep that order (`epoch`, then `number`), so nothing is to be computed with them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Position {
    /// The first number of the order; 0 in stores that need only one.
    pub epoch: u64,
    /// The second number of the order.
    pub number: u64,
}

impl Position {
    /// Before the first event.
    pub const START: Self = Self { epoch: 0, number: 0 };

    /// The position of a store that needs one number.
    pub const fn new(number: u64) -> Self {
        Self { epoch: 0, number }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.epoch {
            0 => write!(f, "{}", self.number),
            epoch => write!(f, "{epoch}.{}", self.number),
        }
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who led to an event, and why.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Who asked for the change: a user, a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The command that the event came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_id: Option<CommandId>,
    /// What the event belongs to, across aggregates and programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// What led to the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<CausationId>,
    /// Whatever else the program wants to keep, by key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

/// Empty metadata, the same for all: most events have none.
pub(crate) static NO_METADATA: LazyLock<Arc<Metadata>> = LazyLock::new(Arc::default);

thread_local! {
    /// The same for who counts its holders: those of two threads would take the count from each other all the time.
    static NO_METADATA_HERE: Arc<Metadata> = Arc::default();
}

impl Metadata {
    /// Shares it with all events that it is for.
    pub(crate) fn shared(self) -> Arc<Self> {
        if !self.is_empty() {
            return Arc::new(self);
        }
        NO_METADATA_HERE.try_with(Arc::clone).unwrap_or_else(|_| Arc::clone(&NO_METADATA))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        let Self { actor, command_id, correlation_id, causation_id, extra } = self;
        actor.is_none()
            && command_id.is_none()
            && correlation_id.is_none()
            && causation_id.is_none()
            && extra.is_empty()
    }
}

/// An event together with what the journal knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded<E> {
    /// What happened.
    pub event: E,
    /// The event's id in the whole journal.
    pub id: EventId,
    /// The stream that the event is in.
    pub stream: StreamId,
    /// The event's number in its stream: 1, 2, 3, ..
    pub version: u64,
    /// The event's place in the whole journal.
    pub position: Position,
    /// When the journal took it; never earlier than the event before it in the stream.
    pub recorded_at: Timestamp,
    /// Who led to it, and why.
    pub metadata: Arc<Metadata>,
    /// Where one event in the journal stands for several today: which of them this is, from 0.
    pub index: u32,
}

impl<E> Recorded<E> {
    /// Keeps all but the event, which becomes what `change` makes of it.
    pub fn map<F>(self, change: impl FnOnce(E) -> F) -> Recorded<F> {
        Recorded {
            event: change(self.event),
            id: self.id,
            stream: self.stream,
            version: self.version,
            position: self.position,
            recorded_at: self.recorded_at,
            metadata: self.metadata,
            index: self.index,
        }
    }
}
