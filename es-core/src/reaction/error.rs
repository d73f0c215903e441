//! Why a reactor does not go on.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::Reaction;
use crate::event::{Position, StreamId};
use crate::journal::JournalError;
use crate::projection::{ProjectorError, ReadStoreError};

/// An error that many may be told of.
type Shared = Arc<dyn std::error::Error + Send + Sync>;

/// Says why a reactor has failed, or cannot do what was asked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ReactorError {
    /// An event, or a timer of it, could not be reacted to. Correct the cause and
    /// [resume](super::ReactorHandle::resume), or have such events [parked](crate::OnFailure::Park).
    Event {
        /// The name of the reaction.
        reaction: &'static str,
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
        /// What the reaction says.
        source: Shared,
    },
    /// Another reactor has the reaction, in this process or in another; it does the work.
    Held {
        /// The name of the reaction.
        reaction: &'static str,
    },
    /// The checkpoint is one of another journal. Use that journal, or have the reaction
    /// [start over](super::ReactorHandle::start_over).
    OtherJournal {
        /// The name of the reaction.
        reaction: &'static str,
    },
    /// The journal does not have what was reacted to: it was put back to an earlier state, as from a backup. Have the reaction
    /// [start over](super::ReactorHandle::start_over).
    Restored {
        /// The name of the reaction.
        reaction: &'static str,
        /// How far it had come.
        position: Position,
    },
    /// The journal failed.
    Journal {
        /// The name of the reaction.
        reaction: &'static str,
        /// What the journal says.
        source: Arc<JournalError>,
    },
    /// The store of the checkpoint failed.
    Store {
        /// The name of the reaction.
        reaction: &'static str,
        /// What the store says.
        source: Arc<ReadStoreError>,
    },
    /// The reactor was stopped.
    Stopped {
        /// The name of the reaction.
        reaction: &'static str,
    },
}

impl fmt::Display for ReactorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event { reaction, event, stream, version, position, attempts, source } => write!(
                f,
                "reaction `{reaction}` failed on `{event}`, event {version} of `{stream}` at position {position}, \
                 {attempts} times: {source}"
            ),
            Self::Held { reaction } => {
                write!(f, "reaction `{reaction}` is in the hands of another reactor; stop that one first")
            }
            Self::OtherJournal { reaction } => write!(
                f,
                "reaction `{reaction}` has reacted to another journal before; use that journal, or have it start over, with which \
                 commands that were rejected are decided anew"
            ),
            Self::Restored { reaction, position } => write!(
                f,
                "reaction `{reaction}` has reacted to events up to position {position}, which the journal does not have any \
                 more; have it start over, with which commands that were rejected are decided anew"
            ),
            Self::Journal { reaction, source } => write!(f, "reaction `{reaction}` cannot use the journal: {source}"),
            Self::Store { reaction, source } => {
                write!(f, "reaction `{reaction}` cannot use the store of its checkpoint: {source}")
            }
            Self::Stopped { reaction } => write!(f, "the reactor of `{reaction}` has stopped"),
        }
    }
}

impl Error for ReactorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Journal { source, .. } => Some(&**source),
            Self::Store { source, .. } => Some(&**source),
            Self::Event { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

impl ReactorError {
    /// What it is where the projector that does the work says it of a projection.
    pub(super) fn of<R: Reaction>(error: ProjectorError) -> Self {
        let reaction = R::NAME;
        match error {
            ProjectorError::Event { event, stream, version, position, attempts, source, .. } => {
                Self::Event { reaction, event, stream, version, position, attempts, source }
            }
            ProjectorError::Held { .. } => Self::Held { reaction },
            ProjectorError::OtherJournal { .. } => Self::OtherJournal { reaction },
            ProjectorError::Restored { position, .. } => Self::Restored { reaction, position },
            ProjectorError::Journal { source, .. } => Self::Journal { reaction, source },
            ProjectorError::Store { source, .. } => Self::Store { reaction, source },
            // A reaction has no model that could not be made.
            ProjectorError::Model { .. } | ProjectorError::Stopped { .. } => Self::Stopped { reaction },
        }
    }
}
