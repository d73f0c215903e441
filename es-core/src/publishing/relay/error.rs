//! Why a relay does not go on.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::event::{Position, StreamId};
use crate::projection::{ProjectorError, ReadStoreError};

/// An error that many may be told of.
type Shared = Arc<dyn std::error::Error + Send + Sync>;

/// Says why a relay has failed, or cannot do what was asked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RelayError {
    /// The outbox cannot be filled: an event has no public form, or the journal or the store fails. Correct the cause and
    /// [resume](super::RelayHandle::resume).
    Feed {
        /// The name of the publication.
        publication: &'static str,
        /// What went wrong.
        source: Arc<ProjectorError>,
    },
    /// A message could not be sent. While the relay goes on, it is tried again.
    Message {
        /// The name of the publication.
        publication: &'static str,
        /// The id of the message.
        id: String,
        /// The name and the version of the public event.
        event_type: String,
        /// The stream that it is of.
        stream: StreamId,
        /// How often it was tried.
        attempts: u32,
        /// What the publisher says.
        source: Shared,
    },
    /// What was waited for cannot be sent, since a message before it is parked. Correct the cause and
    /// [replay](super::RelayHandle::replay_parked) it, or [discard](super::RelayHandle::discard) it.
    Parked {
        /// The name of the publication.
        publication: &'static str,
        /// The position of the first message that is parked.
        position: Position,
    },
    /// The store of the outbox failed.
    Store {
        /// The name of the publication.
        publication: &'static str,
        /// What the store says.
        source: Arc<ReadStoreError>,
    },
    /// Another relay has the outbox, in this process or in another; it does the work.
    Held {
        /// The name of the publication.
        publication: &'static str,
    },
    /// The relay was stopped.
    Stopped {
        /// The name of the publication.
        publication: &'static str,
    },
}

impl fmt::Display for RelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feed { publication, source } => write!(f, "cannot fill the outbox of `{publication}`: {source}"),
            Self::Message { publication, id, event_type, stream, attempts, source } => write!(
                f,
                "`{publication}` cannot send `{event_type}` `{id}` of `{stream}`, tried {attempts} times: {source}"
            ),
            Self::Parked { publication, position } => {
                write!(f, "`{publication}` has parked a message at position {position}; replay it or discard it")
            }
            Self::Store { publication, source } => write!(f, "`{publication}` cannot use its outbox: {source}"),
            Self::Held { publication } => {
                write!(f, "the outbox of `{publication}` is in the hands of another relay; stop that one first")
            }
            Self::Stopped { publication } => write!(f, "the relay of `{publication}` has stopped"),
        }
    }
}

impl Error for RelayError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Feed { source, .. } => Some(&**source),
            Self::Store { source, .. } => Some(&**source),
            Self::Message { source, .. } => Some(&**source),
            _ => None,
        }
    }
}
