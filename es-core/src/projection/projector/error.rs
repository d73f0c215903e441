//! Why a projector does not go on.

use std::sync::Arc;

use crate::event::{Position, StreamId};
use crate::journal::JournalError;
use crate::projection::ReadStoreError;

/// An error that many may be told of.
type Shared = Arc<dyn std::error::Error + Send + Sync>;

/// Says why a projector has failed, or cannot do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectorError {
    /// An event could not be projected. Correct the cause and [resume](super::ProjectorHandle::resume), or have such
    /// events [parked](super::OnFailure::Park).
    #[error(
        "projection `{projection}` failed on `{event}`, event {version} of `{stream}` at position {position}, \
         {attempts} times: {source}"
    )]
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
    #[error("cannot make the read model of projection `{projection}`: {source}")]
    Model {
        /// The name of the projection.
        projection: &'static str,
        /// What the projection says.
        source: Shared,
    },
    /// Another projector has the projection, in this process or in another; it does the work.
    #[error("projection `{projection}` is in the hands of another projector; stop that one first")]
    Held {
        /// The name of the projection.
        projection: &'static str,
    },
    /// The checkpoint was made from another journal. [Rebuild](super::ProjectorHandle::rebuild) the read model, or use
    /// the journal that it was made from.
    #[error("the read model of projection `{projection}` was made from another journal; rebuild it")]
    OtherJournal {
        /// The name of the projection.
        projection: &'static str,
    },
    /// The journal does not have what was projected: it was put back to an earlier state, as from a backup.
    /// [Rebuild](super::ProjectorHandle::rebuild) the read model.
    #[error(
        "the read model of projection `{projection}` shows events up to position {position}, which the journal does \
         not have any more; rebuild it"
    )]
    Restored {
        /// The name of the projection.
        projection: &'static str,
        /// How far the read model goes.
        position: Position,
    },
    /// The journal failed.
    #[error("projection `{projection}` cannot read the journal: {source}")]
    Journal {
        /// The name of the projection.
        projection: &'static str,
        /// What the journal says.
        source: Arc<JournalError>,
    },
    /// The read store failed.
    #[error("projection `{projection}` cannot use its read store: {source}")]
    Store {
        /// The name of the projection.
        projection: &'static str,
        /// What the read store says.
        source: Arc<ReadStoreError>,
    },
    /// The projector was stopped.
    #[error("the projector of `{projection}` has stopped")]
    Stopped {
        /// The name of the projection.
        projection: &'static str,
    },
}
