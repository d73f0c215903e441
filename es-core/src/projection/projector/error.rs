//! Why a projector does not go on.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::event::{Position, StreamId};
use crate::journal::JournalError;
use crate::projection::ReadStoreError;

/// An error that many may be told of.
type Shared = Arc<dyn std::error::Error + Send + Sync>;

/// Says why a projector has failed, or cannot do what was asked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ProjectorError {
    /// An event could not be projected. Correct the cause and [resume](super::ProjectorHandle::resume), or have such
    /// events [parked](super::OnFailure::Park).
    Event {
        /// The name of the projection.
        projection: &'static str,
        /// The event's name in the journal.
        event: String,
        /// The stream that it is in.
        stream: StreamId,
        /// The event's number in the stream.
        version: u64,
        /// The event's place in the journal.
        position: Position,
        /// How often it was tried.
        attempts: u32,
        /// What the projection says.
        source: Shared,
    },
    /// The read model could not be created or reset. Correct the cause and resume.
    Model {
        /// The name of the projection.
        projection: &'static str,
        /// What the projection says.
        source: Shared,
    },
    /// Another projector has the projection, in this process or in another; it does the work.
    Held {
        /// The name of the projection.
        projection: &'static str,
    },
    /// The checkpoint was made from another journal. [Rebuild](super::ProjectorHandle::rebuild) the read model, or use
    /// the journal that it was made from.
    OtherJournal {
        /// The name of the projection.
        projection: &'static str,
    },
    /// The journal does not have what was projected: it was put back to an earlier state, as from a backup.
    /// [Rebuild](super::ProjectorHandle::rebuild) the read model.
    Restored {
        /// The name of the projection.
        projection: &'static str,
        /// How far the read model goes.
        position: Position,
    },
    /// The journal failed.
    Journal {
        /// The name of the projection.
        projection: &'static str,
        /// What the journal says.
        source: Arc<JournalError>,
    },
    /// The read store failed.
    Store {
        /// The name of the projection.
        projection: &'static str,
        /// What the read store says.
        source: Arc<ReadStoreError>,
    },
    /// The projector was stopped.
    Stopped {
        /// The name of the projection.
        projection: &'static str,
    },
}

impl fmt::Display for ProjectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event { projection, event, stream, version, position, attempts, source } => write!(
                f,
                "projection `{projection}` failed on `{event}`, event {version} of `{stream}` at position {position}, \
                 {attempts} times: {source}"
            ),
            Self::Model { projection, source } => {
                write!(f, "cannot make the read model of projection `{projection}`: {source}")
            }
            Self::Held { projection } => {
                write!(f, "projection `{projection}` is in the hands of another projector; stop that one first")
            }
            Self::OtherJournal { projection } => {
                write!(f, "the read model of projection `{projection}` was made from another journal; rebuild it")
            }
            Self::Restored { projection, position } => write!(
                f,
                "the read model of projection `{projection}` shows events up to position {position}, which the journal does \
                 not have any more; rebuild it"
            ),
            Self::Journal { projection, source } => {
                write!(f, "projection `{projection}` cannot read the journal: {source}")
            }
            Self::Store { projection, source } => {
                write!(f, "projection `{projection}` cannot use its read store: {source}")
            }
            Self::Stopped { projection } => write!(f, "the projector of `{projection}` has stopped"),
        }
    }
}

impl Error for ProjectorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Journal { source, .. } => Some(&**source),
            Self::Store { source, .. } => Some(&**source),
            Self::Event { source, .. } | Self::Model { source, .. } => Some(&**source),
            _ => None,
        }
    }
}
