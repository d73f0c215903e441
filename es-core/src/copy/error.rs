//! Why a journal was not copied.

use crate::event::{EventId, Position, StreamId};
use crate::journal::{AppendError, HeldBack, JournalError};

/// Says why a journal could not be copied, or that two journals are not the same.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// Source and destination are one journal.
    #[error("a journal cannot be copied to itself")]
    SameJournal,
    /// The destination holds an event that the source does not have there. Copy to an empty journal, or to one that an
    /// earlier copy of the same source left.
    #[error(
        "the destination holds event {id}, version {version} of `{stream}`, at position {position}, {}; copy to an \
         empty journal, or to one that came from this source",
        Instead(instead.as_ref())
    )]
    OtherEvents {
        /// Where in the destination.
        position: Position,
        /// The stream of the destination's event.
        stream: StreamId,
        /// Its version in the stream.
        version: u64,
        /// Its id.
        id: EventId,
        /// The event that the source has in its place, by stream and version; `None` where the source has ended.
        instead: Option<(StreamId, u64)>,
    },
    /// An event, or a snapshot, is in both stores and not the same.
    #[error("version {version} of `{stream}` differs in its {what}")]
    Differs {
        /// The stream.
        stream: StreamId,
        /// The version of the event, or of the snapshot.
        version: u64,
        /// What of it differs.
        what: &'static str,
    },
    /// The destination lacks events that the source has, or a snapshot. Copy once more.
    #[error("the destination lacks {what}, version {version} of `{stream}`, and perhaps more")]
    Missing {
        /// The stream of the first that is missing.
        stream: StreamId,
        /// The version.
        version: u64,
        /// An event or a snapshot.
        what: &'static str,
    },
    /// Events are committed that cannot be read yet, since a transaction that began before them has not ended: they would
    /// be missing from the copy. What was written stays. End that transaction, or wait for it longer
    /// ([`JournalCopy::patience`](crate::JournalCopy::patience)), and run the copy again.
    #[error("events of the {store} are committed and cannot be read yet: {by}; end it, and run the copy again")]
    HeldBack {
        /// The journal that they are in: `source` or `destination`.
        store: &'static str,
        /// What has to end.
        by: HeldBack,
    },
    /// The destination does not take an event.
    #[error("cannot write to the destination: {0}")]
    Import(#[source] AppendError),
    /// The source cannot be read.
    #[error("cannot read the source: {0}")]
    Source(#[source] JournalError),
    /// The destination cannot be read, or its snapshots not be written.
    #[error("cannot use the destination: {0}")]
    Destination(#[source] JournalError),
}

struct Instead<'a>(Option<&'a (StreamId, u64)>);

impl std::fmt::Display for Instead<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some((stream, version)) => write!(f, "where the source has version {version} of `{stream}`"),
            None => f.write_str("after the end of the source"),
        }
    }
}
