//! Why an event of the journal cannot be read.

use std::error::Error;
use std::fmt;

use crate::codec::PayloadError;
use crate::event::{Position, StreamId};

/// Says why the name, version and bytes of an event do not give an event of the program.
#[derive(Debug)]
#[non_exhaustive]
pub enum DecodeError {
    /// No event of the aggregate has this name.
    Name {
        /// The name of the aggregate.
        aggregate: String,
        /// The event's name in the journal.
        name: String,
    },
    /// The event is known, but not in this version.
    Version {
        /// The event's name.
        name: String,
        /// Its version in the journal.
        version: u32,
        /// The oldest version that the program reads.
        oldest: u32,
        /// The version that the program writes.
        newest: u32,
    },
    /// The bytes are not such an event.
    Payload {
        /// The event's name.
        name: String,
        /// Its version in the journal.
        version: u32,
        /// What is wrong with the bytes.
        source: PayloadError,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { aggregate, name } => write!(
                f,
                "aggregate `{aggregate}` has no event `{name}`; \
                 list it in `events(..)` or `retired(..)`, or as an alias of the event that it became"
            ),
            Self::Version { name, version, oldest, newest } => write!(
                f,
                "event `{name}` has version {version} in the journal, but this program knows only {}",
                Versions(*oldest, *newest)
            ),
            Self::Payload { name, version, source } => {
                write!(f, "event `{name}` version {version} is not what it should be: {source}")
            }
        }
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Payload { source, .. } => Some(source),
            _ => None,
        }
    }
}

struct Versions(u32, u32);

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(oldest, newest) if oldest == newest => write!(f, "version {newest}"),
            Self(oldest, newest) => write!(f, "versions {oldest} to {newest}"),
        }
    }
}

/// An event in the journal that the program cannot read, and where it is.
#[derive(Debug)]
#[non_exhaustive]
pub struct UnreadableEvent {
    /// The stream that the event is in.
    pub stream: StreamId,
    /// The event's number in its stream.
    pub version: u64,
    /// The event's place in the whole journal.
    pub position: Position,
    /// Why it cannot be read.
    pub source: DecodeError,
}

impl fmt::Display for UnreadableEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, version, position, source } = self;
        write!(f, "cannot read event {version} of `{stream}` at position {position}: {source}")
    }
}

impl Error for UnreadableEvent {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl UnreadableEvent {
    /// Says where the event is that cannot be read because of `source`.
    pub fn new(stream: StreamId, version: u64, position: Position, source: DecodeError) -> Self {
        Self { stream, version, position, source }
    }
}
