//! Why a journal was not copied.

use std::error::Error;
use std::fmt;

use crate::event::{EventId, Position, StreamId};
use crate::journal::{AppendError, HeldBack, JournalError};

/// Says why a journal could not be copied, or that two journals are not the same.
#[derive(Debug)]
#[non_exhaustive]
pub enum CopyError {
    /// Source and destination are one journal.
    SameJournal,
    /// The destination holds an event that the source does not have there. Copy to an empty journal, or to one that an
    /// earlier copy of the same source left.
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
    Differs {
        /// The stream.
        stream: StreamId,
        /// The version of the event, or of the snapshot.
        version: u64,
        /// What of it differs.
        what: &'static str,
    },
    /// The destination lacks events that the source has, or a snapshot. Copy once more.
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
    HeldBack {
        /// The journal that they are in: `source` or `destination`.
        store: &'static str,
        /// What has to end.
        by: HeldBack,
    },
    /// The destination does not take an event.
    Import(AppendError),
    /// The source cannot be read.
    Source(JournalError),
    /// The destination cannot be read, or its snapshots not be written.
    Destination(JournalError),
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameJournal => f.write_str(
                "a journal cannot be copied to itself, nor to a copy of its file, which is the same journal",
            ),
            Self::OtherEvents { position, stream, version, id, instead } => write!(
                f,
                "the destination holds event {id}, version {version} of `{stream}`, at position {position}, {}; copy to an \
                 empty journal, or to one that came from this source",
                Instead(instead.as_ref())
            ),
            Self::Differs { stream, version, what } => {
                write!(f, "version {version} of `{stream}` differs in its {what}")
            }
            Self::Missing { stream, version, what } => {
                write!(f, "the destination lacks {what}, version {version} of `{stream}`, and perhaps more")
            }
            Self::HeldBack { store, by } => write!(
                f,
                "events of the {store} are committed and cannot be read yet: {by}; end it, and run the copy again"
            ),
            Self::Import(error) => write!(f, "cannot write to the destination: {error}"),
            Self::Source(error) => write!(f, "cannot read the source: {error}"),
            Self::Destination(error) => write!(f, "cannot use the destination: {error}"),
        }
    }
}

impl Error for CopyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Import(error) => Some(error),
            Self::Source(error) | Self::Destination(error) => Some(error),
            _ => None,
        }
    }
}

struct Instead<'a>(Option<&'a (StreamId, u64)>);

impl fmt::Display for Instead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((stream, version)) => write!(f, "where the source has version {version} of `{stream}`"),
            None => f.write_str("after the end of the source"),
        }
    }
}
