//! How events and snapshots become bytes.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::BoxError;

/// Turns events and states into bytes and back.
///
/// Each event in a journal carries the name of its format, so a journal may hold events of several
/// codecs, and a program can change its mind. Whatever codec an aggregate chose, JSON is read too.
pub trait Codec: Send + Sync + 'static {
    /// The format's name in the journal.
    const FORMAT: &'static str;

    /// Appends the bytes of `value` to `bytes`.
    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), BoxError>;

    /// Reads a value back.
    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BoxError>;
}

/// JSON text: the default. A person can read the journal, and any program can.
#[derive(Debug, Clone, Copy)]
pub struct Json;

impl Codec for Json {
    const FORMAT: &'static str = "json";

    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), BoxError> {
        Ok(serde_json::to_writer(bytes, value)?)
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BoxError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

/// The bytes of an event or a snapshot, and the name of their format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload<'a> {
    /// The name of the format: [`Codec::FORMAT`].
    pub format: &'a str,
    /// The content.
    pub bytes: &'a [u8],
}

impl Payload<'_> {
    /// Reads the content, which is in the format of `C` or in JSON.
    ///
    /// # Errors
    ///
    /// [`PayloadError::Format`] when it is in another format, [`PayloadError::Content`] when it
    /// does not hold a `T`.
    pub fn read<C: Codec, T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        let content = if self.format == C::FORMAT {
            C::decode(self.bytes)
        } else if self.format == Json::FORMAT {
            Json::decode(self.bytes)
        } else {
            return Err(PayloadError::Format { found: self.format.to_owned(), known: C::FORMAT });
        };
        content.map_err(|source| PayloadError::Content { format: self.format.to_owned(), source })
    }
}

/// Says why a payload cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The payload is in a format that the aggregate does not read.
    #[error("its format is `{found}`, but this program reads only {}", Formats(known))]
    Format {
        /// The format's name in the journal.
        found: String,
        /// The format that the aggregate reads beside JSON.
        known: &'static str,
    },
    /// The payload does not hold what it should.
    #[error("its {format} does not read: {source}")]
    Content {
        /// The format's name in the journal.
        format: String,
        /// What the codec says.
        source: BoxError,
    },
}

/// The formats that an aggregate reads whose own is this one.
struct Formats(&'static str);

impl fmt::Display for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Json::FORMAT => write!(f, "`{}`", Json::FORMAT),
            own => write!(f, "`{own}` and `{}`", Json::FORMAT),
        }
    }
}
