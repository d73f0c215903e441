//! What goes into a journal, and the answer.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::{JournalError, RawEvent};
use crate::codec::Payload;
use crate::event::{EventId, Metadata, Position, StreamId, Timestamp};
use crate::hash::Set;

/// The limits of one append, the same in every store.
pub mod limits {
    /// The largest payload of an event, in bytes.
    pub const EVENT_BYTES: usize = 1024 * 1024;
    /// The largest metadata of an event, in bytes of all its texts together.
    pub const METADATA_BYTES: usize = 64 * 1024;
    /// The most events in an append.
    pub const EVENTS: usize = 1_000;
    /// The most streams in an append, those that are only checked included.
    pub const STREAMS: usize = 1_000;
    /// The longest name of an event, in bytes.
    pub const EVENT_NAME_BYTES: usize = 255;
}

/// Events for one or more streams, written as a whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Append {
    /// Each stream with what it is expected to be and what it gets. No stream stands twice.
    pub streams: Vec<StreamAppend>,
}

/// What an [`Append`] has for one stream.
#[derive(Debug, Clone)]
pub struct StreamAppend {
    /// The stream.
    pub stream: StreamId,
    /// What its version must be before the append.
    pub expected: ExpectedVersion,
    /// What it gets; nothing for a stream that is only checked.
    pub events: Vec<NewEvent>,
}

/// An event that is not in the journal yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id; the same event keeps it when an append is tried again.
    pub id: EventId,
    /// Its name: [`EventKind::name`](crate::EventKind).
    pub name: Cow<'static, str>,
    /// The version of its shape, from 1.
    pub version: u32,
    /// The format of its payload: [`Codec::FORMAT`](crate::Codec::FORMAT).
    pub format: Cow<'static, str>,
    /// Its content.
    pub payload: Vec<u8>,
    /// Who led to it, and why.
    pub metadata: Arc<Metadata>,
}

/// What the version of a stream must be for an append to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// Whatever it is.
    Any,
    /// The stream has no events.
    NoStream,
    /// The last event has this version; 0 is the same as `NoStream`.
    Exact(u64),
}

impl ExpectedVersion {
    /// Whether a stream whose last event has the version `actual` is as expected.
    pub const fn allows(self, actual: u64) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => actual == 0,
            Self::Exact(version) => version == actual,
        }
    }
}

impl fmt::Display for ExpectedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any version"),
            Self::NoStream | Self::Exact(0) => f.write_str("no events"),
            Self::Exact(version) => write!(f, "version {version}"),
        }
    }
}

impl Append {
    /// An append to one stream.
    pub fn to_stream(stream: StreamId, expected: ExpectedVersion, events: Vec<NewEvent>) -> Self {
        Self { streams: vec![StreamAppend { stream, expected, events }] }
    }

    /// The number of events in it.
    pub fn len(&self) -> usize {
        self.streams.iter().map(|stream| stream.events.len()).sum()
    }

    /// Whether there are no events in it.
    pub fn is_empty(&self) -> bool {
        self.streams.iter().all(|stream| stream.events.is_empty())
    }

    /// Checks what every store checks before it writes: the [`limits`], that no stream and no event
    /// id stands twice, and that names are not empty.
    ///
    /// # Errors
    ///
    /// [`AppendError::TooLarge`] and [`AppendError::Invalid`].
    pub fn check(&self) -> Result<(), AppendError> {
        let too_large = |what, stream: Option<&StreamId>, size, limit| AppendError::TooLarge {
            what,
            stream: stream.cloned(),
            size,
            limit,
        };
        if self.streams.len() > limits::STREAMS {
            return Err(too_large("streams in one append", None, self.streams.len(), limits::STREAMS));
        }
        if self.len() > limits::EVENTS {
            return Err(too_large("events in one append", None, self.len(), limits::EVENTS));
        }
        for StreamAppend { stream, events, .. } in &self.streams {
            for event in events {
                event.check(stream)?;
            }
        }
        self.check_doubles()
    }

    fn check_doubles(&self) -> Result<(), AppendError> {
        // Ids are most often made in their order: then none stands twice.
        if let [StreamAppend { events, .. }] = &self.streams[..]
            && events.is_sorted_by(|event, next| event.id < next.id)
        {
            return Ok(());
        }
        let (mut streams, mut ids) = (Set::default(), Set::default());
        for StreamAppend { stream, events, .. } in &self.streams {
            if !streams.insert(stream) {
                let reason = "the stream stands twice in one append".to_owned();
                return Err(AppendError::Invalid { stream: stream.clone(), reason });
            }
            for event in events {
                if !ids.insert(event.id) {
                    let reason = format!("the event id {} stands twice in one append", event.id);
                    return Err(AppendError::Invalid { stream: stream.clone(), reason });
                }
            }
        }
        Ok(())
    }
}

impl NewEvent {
    fn check(&self, stream: &StreamId) -> Result<(), AppendError> {
        let Self { name, version, format, payload, metadata, .. } = self;
        check_parts(stream, name, *version, Payload { format, bytes: payload }, metadata)
    }
}

/// Checks an event that another journal has as one that is new.
pub(super) fn check_event(event: &RawEvent<'_>) -> Result<(), AppendError> {
    check_parts(event.stream, event.name, event.event_version, event.payload, event.metadata)
}

fn check_parts(
    stream: &StreamId,
    name: &str,
    version: u32,
    payload: Payload<'_>,
    metadata: &Metadata,
) -> Result<(), AppendError> {
    let Payload { format, bytes } = payload;
    let too_large = |what, size, limit| Err(AppendError::TooLarge { what, stream: Some(stream.clone()), size, limit });
    if bytes.len() > limits::EVENT_BYTES {
        return too_large("bytes in the payload of an event", bytes.len(), limits::EVENT_BYTES);
    }
    let Metadata { actor, extra, .. } = metadata;
    let extra_bytes: usize = extra.iter().map(|(key, value)| key.len() + value.len()).sum();
    let metadata_bytes = actor.as_ref().map_or(0, String::len) + extra_bytes;
    if metadata_bytes > limits::METADATA_BYTES {
        return too_large("bytes in the metadata of an event", metadata_bytes, limits::METADATA_BYTES);
    }
    let reason = if name.is_empty() || name.len() > limits::EVENT_NAME_BYTES || name.contains('\0') {
        format!(
            "the name of an event has 1 to {} bytes and no U+0000, not `{}`",
            limits::EVENT_NAME_BYTES,
            name.escape_debug()
        )
    } else if version == 0 {
        format!("event `{name}` has version 0; versions start at 1")
    } else if format.is_empty() || format.len() > limits::EVENT_NAME_BYTES || format.contains('\0') {
        format!("the payload format of event `{name}` cannot be `{}`", format.escape_debug())
    } else {
        return Ok(());
    };
    Err(AppendError::Invalid { stream: stream.clone(), reason })
}

/// The answer to an [`Append`]: where its events are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The streams of the append, in its order.
    pub streams: Vec<AppendedStream>,
    /// The position of the last event; [`Position::START`] for an append without events.
    pub position: Position,
    /// When the journal took the events.
    pub recorded_at: Timestamp,
    /// Whether the events had been there before, from an earlier try.
    pub repeated: bool,
}

/// Where the events of one stream of an [`Append`] are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendedStream {
    /// The versions of the first and the last event; `None` for a stream that was only checked.
    pub versions: Option<RangeInclusive<u64>>,
    /// The position of the last event; [`Position::START`] for a stream that was only checked.
    pub position: Position,
}

/// Says why an append was not written, or that this is not known.
#[derive(Debug)]
#[non_exhaustive]
pub enum AppendError {
    /// A stream has another version than expected; nothing was written. Read what is new and decide again.
    Conflict {
        /// The stream.
        stream: StreamId,
        /// What it was expected to have.
        expected: ExpectedVersion,
        /// The version of its last event.
        actual: u64,
    },
    /// Some events of the append are in the journal already, but not all, or not where they belong; nothing was written.
    DuplicateEvent {
        /// The stream of the append that the event was for.
        stream: StreamId,
        /// The id of the event.
        id: EventId,
    },
    /// The append is larger than the [`limits`] allow; nothing was written.
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The stream, where it is one stream's.
        stream: Option<StreamId>,
        /// How much there is.
        size: usize,
        /// How much there may be.
        limit: usize,
    },
    /// The append cannot be stored as it is; nothing was written.
    Invalid {
        /// The stream.
        stream: StreamId,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A view that is kept up with the appends themselves does not take the events; nothing of this append was written.
    View {
        /// The name of the projection.
        view: String,
        /// The stream of the events.
        stream: StreamId,
        /// What the view says.
        source: crate::BoxError,
    },
    /// The answer got lost: the append was written, or was not. The same append, with the same event ids, finds out.
    Unknown {
        /// What happened.
        source: crate::BoxError,
    },
    /// The store failed; nothing was written.
    Journal(JournalError),
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { stream, expected, actual } => {
                write!(f, "`{stream}` has {}, not {expected}", ExpectedVersion::Exact(*actual))
            }
            Self::DuplicateEvent { stream, id } => {
                write!(f, "event {id} for `{stream}` is already in the journal, in another append")
            }
            Self::TooLarge { what, stream, size, limit } => {
                write!(f, "{size} {what}{}: more than the {limit} there may be", In(stream.as_ref()))
            }
            Self::Invalid { stream, reason } => write!(f, "cannot append to `{stream}`: {reason}"),
            Self::View { view, stream, source } => {
                write!(f, "the inline view `{view}` does not take the events for `{stream}`: {source}")
            }
            Self::Unknown { source } => write!(
                f,
                "whether the append was written is not known; append the same events again to find out: {source}"
            ),
            Self::Journal(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl Error for AppendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Journal(error) => error.source(),
            Self::View { source, .. } | Self::Unknown { source } => Some(&**source),
            _ => None,
        }
    }
}

impl From<JournalError> for AppendError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

struct In<'a>(Option<&'a StreamId>);

impl fmt::Display for In<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |stream| write!(f, " for `{stream}`"))
    }
}
