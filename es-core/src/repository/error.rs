//! Why a command was not executed, an aggregate not loaded, a unit of work not committed.

use crate::BoxError;
use crate::event::{StreamId, StreamIdError};
use crate::evolution::UnreadableEvent;
use crate::journal::{AppendError, ExpectedVersion, JournalError};

/// Says why a command was not executed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<E> {
    /// The aggregate rejected the command: the domain's own error. Nothing was written.
    #[error("{0}")]
    Rejected(#[source] E),
    /// Other writers were faster each time, or the aggregate is not at the version that the caller asked for.
    /// Nothing was written; execute the command again.
    #[error("`{stream}` has {}, not {expected}, after {attempts} attempts", ExpectedVersion::Exact(*actual))]
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
    #[error("whether the command on `{stream}` was executed is not known: {source}")]
    Unknown {
        /// The aggregate's stream.
        stream: StreamId,
        /// What happened.
        source: BoxError,
    },
    /// The journal failed. Nothing was written.
    #[error(transparent)]
    Journal(JournalError),
    /// The journal refused the events, as too large or too many. Nothing was written.
    #[error(transparent)]
    Append(AppendError),
    /// An event of the aggregate cannot be read. Nothing was written.
    #[error(transparent)]
    Decode(Box<UnreadableEvent>),
    /// An event that the command gave cannot be written, or would not read back. Nothing was written.
    #[error("cannot encode an event for `{stream}`: {source}")]
    Encode {
        /// The aggregate's stream.
        stream: StreamId,
        /// What the codec says.
        source: BoxError,
    },
    /// There can be no aggregate with this id.
    #[error(transparent)]
    Id(#[from] StreamIdError),
    /// The unit of work writes to one store, the repository reads from another.
    #[error("the unit of work and the repository of `{stream}` are on two different stores")]
    OtherStore {
        /// The aggregate's stream.
        stream: StreamId,
    },
    /// Two types of aggregates have one name, and the unit of work has the stream as the other.
    #[error("the unit of work has `{stream}` as another aggregate than `{aggregate}`; two types have one `name`")]
    OtherAggregate {
        /// The aggregate's stream.
        stream: StreamId,
        /// The type that it was asked for as.
        aggregate: &'static str,
    },
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
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An event of the aggregate cannot be read.
    #[error(transparent)]
    Decode(Box<UnreadableEvent>),
    /// There can be no aggregate with this id.
    #[error(transparent)]
    Id(#[from] StreamIdError),
    /// The aggregate has not come to that version yet.
    #[error("`{stream}` has no version {version}; its newest is {newest}")]
    NoSuchVersion {
        /// The aggregate's stream.
        stream: StreamId,
        /// The version asked for.
        version: u64,
        /// The version of its last event.
        newest: u64,
    },
    /// The state cannot be written as a snapshot.
    #[error("cannot encode the state of `{stream}`: {source}")]
    Encode {
        /// The aggregate's stream.
        stream: StreamId,
        /// What the codec says.
        source: BoxError,
    },
    /// The unit of work writes to one store, the repository reads from another.
    #[error("the unit of work and the repository of `{stream}` are on two different stores")]
    OtherStore {
        /// The aggregate's stream.
        stream: StreamId,
    },
    /// Two types of aggregates have one name, and the unit of work has the stream as the other.
    #[error("the unit of work has `{stream}` as another aggregate than `{aggregate}`; two types have one `name`")]
    OtherAggregate {
        /// The aggregate's stream.
        stream: StreamId,
        /// The type that it was asked for as.
        aggregate: &'static str,
    },
}

impl From<UnreadableEvent> for LoadError {
    fn from(error: UnreadableEvent) -> Self {
        Self::Decode(Box::new(error))
    }
}

/// Says why a unit of work was not committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// An aggregate of the unit, changed or only read, changed meanwhile. Nothing was written; do the unit again.
    #[error("`{stream}` changed while the unit of work was under way: it has {}, not {expected}", ExpectedVersion::Exact(*actual))]
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
    #[error("whether the unit of work was committed is not known: {source}")]
    Unknown {
        /// What happened.
        source: BoxError,
    },
    /// The journal failed. Nothing was written.
    #[error(transparent)]
    Journal(JournalError),
    /// The journal refused the events, as too large or too many. Nothing was written.
    #[error(transparent)]
    Append(AppendError),
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
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError<E> {
    /// The work itself gave an error.
    #[error("{0}")]
    Work(#[source] E),
    /// The work was done, but could not be committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
}
