//! Why a command was not executed, an aggregate not loaded, a unit of work not committed.

use std::error::Error;
use std::fmt;

use crate::BoxError;
use crate::event::{StreamId, StreamIdError};
use crate::evolution::UnreadableEvent;
use crate::journal::{AppendError, ExpectedVersion, JournalError};

/// Says why a command was not executed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExecuteError<E> {
    /// The aggregate rejected the command: the domain's own error. Nothing was written.
    Rejected(E),
    /// Other writers were faster each time, or the aggregate is not at the version that the caller asked for.
    /// Nothing was written; execute the command again.
    Conflict {
        /// The aggregate's stream.
        stream: StreamId,
        /// The version that the command was decided on.
        expected: ExpectedVersion,
        /// The version that the stream has.
        actual: u64,
        /// How often the command was decided.
        attempts: u32,
    },
    /// The answer of the journal got lost: the command was executed, or was not. Execute it again with the same
    /// command id to find out; without one, load the aggregate and look.
    Unknown {
        /// The aggregate's stream.
        stream: StreamId,
        /// What happened.
        source: BoxError,
    },
    /// The journal failed. Nothing was written.
    Journal(JournalError),
    /// The journal refused the events, as too large or too many. Nothing was written.
    Append(AppendError),
    /// An event of the aggregate cannot be read. Nothing was written.
    Decode(Box<UnreadableEvent>),
    /// An event that the command gave cannot be written, or would not read back. Nothing was written.
    Encode {
        /// The aggregate's stream.
        stream: StreamId,
        /// What the codec says.
        source: BoxError,
    },
    /// There can be no aggregate with this id.
    Id(StreamIdError),
    /// The unit of work writes to one store, the repository reads from another.
    OtherStore {
        /// The aggregate's stream.
        stream: StreamId,
    },
    /// Two types of aggregates have one name, and the unit of work has the stream as the other.
    OtherAggregate {
        /// The aggregate's stream.
        stream: StreamId,
        /// The type that it was asked for as.
        aggregate: &'static str,
    },
}

impl<E: fmt::Display> fmt::Display for ExecuteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(error) => fmt::Display::fmt(error, f),
            Self::Conflict { stream, expected, actual, attempts } => write!(
                f,
                "`{stream}` has {}, not {expected}, after {attempts} attempts",
                ExpectedVersion::Exact(*actual)
            ),
            Self::Unknown { stream, source } => {
                write!(f, "whether the command on `{stream}` was executed is not known: {source}")
            }
            Self::Journal(error) => fmt::Display::fmt(error, f),
            Self::Append(error) => fmt::Display::fmt(error, f),
            Self::Decode(error) => fmt::Display::fmt(error, f),
            Self::Encode { stream, source } => write!(f, "cannot encode an event for `{stream}`: {source}"),
            Self::Id(error) => fmt::Display::fmt(error, f),
            Self::OtherStore { stream } => {
                write!(f, "the unit of work and the repository of `{stream}` are on two different stores")
            }
            Self::OtherAggregate { stream, aggregate } => write!(
                f,
                "the unit of work has `{stream}` as another aggregate than `{aggregate}`; two types have one `name`"
            ),
        }
    }
}

impl<E: Error + 'static> Error for ExecuteError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Rejected(error) => Some(error),
            Self::Journal(error) => error.source(),
            Self::Append(error) => error.source(),
            Self::Decode(error) => error.source(),
            Self::Id(error) => error.source(),
            Self::Unknown { source, .. } | Self::Encode { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

impl<E> From<StreamIdError> for ExecuteError<E> {
    fn from(error: StreamIdError) -> Self {
        Self::Id(error)
    }
}

impl<E> From<LoadError> for ExecuteError<E> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Journal(error) => Self::Journal(error),
            LoadError::Decode(error) => Self::Decode(error),
            LoadError::Id(error) => Self::Id(error),
            LoadError::OtherStore { stream } => Self::OtherStore { stream },
            LoadError::OtherAggregate { stream, aggregate } => Self::OtherAggregate { stream, aggregate },
            LoadError::Encode { stream, source } => Self::Encode { stream, source },
            // Asked for by `at_version` alone.
            LoadError::NoSuchVersion { stream, version, newest } => {
                Self::Conflict { stream, expected: ExpectedVersion::Exact(version), actual: newest, attempts: 0 }
            }
        }
    }
}

/// Says why an aggregate cannot be loaded, or its history read.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// The journal failed.
    Journal(JournalError),
    /// An event of the aggregate cannot be read.
    Decode(Box<UnreadableEvent>),
    /// There can be no aggregate with this id.
    Id(StreamIdError),
    /// The aggregate has not come to that version yet.
    NoSuchVersion {
        /// The aggregate's stream.
        stream: StreamId,
        /// The version asked for.
        version: u64,
        /// The version of its last event.
        newest: u64,
    },
    /// The state cannot be written as a snapshot.
    Encode {
        /// The aggregate's stream.
        stream: StreamId,
        /// What the codec says.
        source: BoxError,
    },
    /// The unit of work writes to one store, the repository reads from another.
    OtherStore {
        /// The aggregate's stream.
        stream: StreamId,
    },
    /// Two types of aggregates have one name, and the unit of work has the stream as the other.
    OtherAggregate {
        /// The aggregate's stream.
        stream: StreamId,
        /// The type that it was asked for as.
        aggregate: &'static str,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => fmt::Display::fmt(error, f),
            Self::Decode(error) => fmt::Display::fmt(error, f),
            Self::Id(error) => fmt::Display::fmt(error, f),
            Self::NoSuchVersion { stream, version, newest } => {
                write!(f, "`{stream}` has no version {version}; its newest is {newest}")
            }
            Self::Encode { stream, source } => write!(f, "cannot encode the state of `{stream}`: {source}"),
            Self::OtherStore { stream } => {
                write!(f, "the unit of work and the repository of `{stream}` are on two different stores")
            }
            Self::OtherAggregate { stream, aggregate } => write!(
                f,
                "the unit of work has `{stream}` as another aggregate than `{aggregate}`; two types have one `name`"
            ),
        }
    }
}

impl Error for LoadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Journal(error) => error.source(),
            Self::Decode(error) => error.source(),
            Self::Id(error) => error.source(),
            Self::Encode { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

impl From<JournalError> for LoadError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<StreamIdError> for LoadError {
    fn from(error: StreamIdError) -> Self {
        Self::Id(error)
    }
}

impl From<UnreadableEvent> for LoadError {
    fn from(error: UnreadableEvent) -> Self {
        Self::Decode(Box::new(error))
    }
}

/// Says why a unit of work was not committed.
#[derive(Debug)]
#[non_exhaustive]
pub enum CommitError {
    /// An aggregate of the unit, changed or only read, changed meanwhile. Nothing was written; do the unit again.
    Conflict {
        /// The stream of the aggregate.
        stream: StreamId,
        /// The version that the unit was decided on.
        expected: ExpectedVersion,
        /// The version that the stream has.
        actual: u64,
    },
    /// The answer of the journal got lost: the unit was committed, or was not. Do it again with the same command id
    /// to find out.
    Unknown {
        /// What happened.
        source: BoxError,
    },
    /// The journal failed. Nothing was written.
    Journal(JournalError),
    /// The journal refused the events, as too large or too many. Nothing was written.
    Append(AppendError),
}

impl fmt::Display for CommitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { stream, expected, actual } => write!(
                f,
                "`{stream}` changed while the unit of work was under way: it has {}, not {expected}",
                ExpectedVersion::Exact(*actual)
            ),
            Self::Unknown { source } => write!(f, "whether the unit of work was committed is not known: {source}"),
            Self::Journal(error) => fmt::Display::fmt(error, f),
            Self::Append(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl Error for CommitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Journal(error) => error.source(),
            Self::Append(error) => error.source(),
            Self::Unknown { source } => Some(&**source),
            _ => None,
        }
    }
}

impl From<AppendError> for CommitError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { stream, expected, actual } => Self::Conflict { stream, expected, actual },
            AppendError::Unknown { source } => Self::Unknown { source },
            AppendError::Journal(error) => Self::Journal(error),
            error => Self::Append(error),
        }
    }
}

/// Says why [`UnitOfWork::run`](super::UnitOfWork::run) did nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum UnitError<E> {
    /// The work itself gave an error.
    Work(E),
    /// The work was done, but could not be committed.
    Commit(CommitError),
}

impl<E: fmt::Display> fmt::Display for UnitError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Work(error) => fmt::Display::fmt(error, f),
            Self::Commit(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl<E: Error + 'static> Error for UnitError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Work(error) => Some(error),
            Self::Commit(error) => error.source(),
        }
    }
}

impl<E> From<CommitError> for UnitError<E> {
    fn from(error: CommitError) -> Self {
        Self::Commit(error)
    }
}
