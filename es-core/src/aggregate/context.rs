//! What a command comes with: who, when, and why.

use std::sync::Arc;

use crate::event::{CausationId, CommandId, CorrelationId, Metadata, Timestamp};

/// What a command comes with: who asked, at what time, and what led to it.
///
/// The time is the one thing that a handler may know of the world; it comes from the journal's
/// [`Clock`](crate::Clock), so that tests and replays can set it.
#[derive(Debug, Clone)]
pub struct Context {
    now: Timestamp,
    metadata: Arc<Metadata>,
}

impl Context {
    /// Makes a context for a command at the time `now`.
    pub fn new(now: Timestamp, metadata: impl Into<Arc<Metadata>>) -> Self {
        Self { now, metadata: metadata.into() }
    }

    /// When the command is decided on.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Has it decided at another time.
    pub(crate) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Who asked.
    pub fn actor(&self) -> Option<&str> {
        self.metadata.actor.as_deref()
    }

    /// The command's own id.
    pub fn command_id(&self) -> Option<CommandId> {
        self.metadata.command_id
    }

    /// What the command belongs to, across aggregates and programs.
    pub fn correlation_id(&self) -> Option<CorrelationId> {
        self.metadata.correlation_id
    }

    /// What led to the command.
    pub fn causation_id(&self) -> Option<CausationId> {
        self.metadata.causation_id
    }

    /// All of it, as the events of the command will carry it.
    pub fn metadata(&self) -> &Arc<Metadata> {
        &self.metadata
    }
}
