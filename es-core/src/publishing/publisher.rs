//! `Publisher`: what gets messages out of the program.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::OutboxMessage;
use crate::BoxError;

/// Sends messages to where others find them: a file, a server, a broker.
///
/// Messages of one stream come one after the other, in order. Each comes at least once: again after an error, and
/// after a crash, with the same id and the same content.
pub trait Publisher: Send + Sync + 'static {
    /// Sends a message. It is there when this succeeds, or when the [`flush`](Self::flush) after it does.
    ///
    /// # Errors
    ///
    /// The kind of [`PublishError`] says what is done next.
    fn send(&self, message: &OutboxMessage) -> impl Future<Output = Result<(), PublishError>> + Send;

    /// Makes sure that all that was sent is there. Called after some messages, before they are noted as sent.
    ///
    /// # Errors
    ///
    /// All that was sent since the last time is sent again.
    fn flush(&self) -> impl Future<Output = Result<(), PublishError>> + Send {
        std::future::ready(Ok(()))
    }
}

/// Says why a message was not sent. Made of any error, it is one of those that are tried again a few times.
#[derive(Debug)]
pub struct PublishError {
    kind: PublishErrorKind,
    after: Option<Duration>,
    source: BoxError,
}

/// What an error says of the message and of its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PublishErrorKind {
    /// The receiver is not there now, whatever the message: it is tried for as long as it takes.
    Unavailable,
    /// It failed: it is tried again a few times.
    Failed,
    /// The receiver will never take this message: it is not tried again.
    Refused,
}

impl PublishError {
    /// The receiver is not there now, whatever the message.
    pub fn unavailable(source: impl Into<BoxError>) -> Self {
        Self { kind: PublishErrorKind::Unavailable, after: None, source: source.into() }
    }

    /// It failed, and another time it may go well.
    pub fn failed(source: impl Into<BoxError>) -> Self {
        Self { kind: PublishErrorKind::Failed, after: None, source: source.into() }
    }

    /// The receiver will never take this message.
    pub fn refused(source: impl Into<BoxError>) -> Self {
        Self { kind: PublishErrorKind::Refused, after: None, source: source.into() }
    }

    /// Says how long to wait at least before it is tried again.
    pub fn after(mut self, time: Duration) -> Self {
        self.after = Some(time);
        self
    }

    /// What it says of the message and of its receiver.
    pub const fn kind(&self) -> PublishErrorKind {
        self.kind
    }

    /// The error that it was made of.
    pub(super) fn into_source(self) -> BoxError {
        self.source
    }

    /// The same once more, for another message.
    pub(super) fn again(&self) -> Self {
        Self { kind: self.kind, after: self.after, source: self.source.to_string().into() }
    }

    /// How long to wait at least before it is tried again.
    pub const fn wait(&self) -> Option<Duration> {
        self.after
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

// It is no `Error` itself, so that any error can become one.
impl<E: Into<BoxError>> From<E> for PublishError {
    fn from(source: E) -> Self {
        Self::failed(source)
    }
}
