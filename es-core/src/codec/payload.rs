//! `Payload`: bytes, and the name of their format.

use std::error::Error;
use std::fmt;

use serde::de::DeserializeOwned;

use super::{Codec, Json};
use crate::BoxError;

/// The bytes of an event or a snapshot, and the name of their format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload<'a> {
    /// The name of the format: [`Codec::FORMAT`].
    pub format: &'a str,
    /// The content.
    pub bytes: &'a [u8],
}

impl Payload<'_> {
    /// Reads the content, which is in a format that `C` reads, or in one that comes with this crate.
    ///
    /// # Errors
    ///
    /// [`PayloadError::Format`] when it is in another format, [`PayloadError::Content`] when it
    /// does not hold a `T`.
    #[inline]
    pub fn read<C: Codec, T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        let Self { format, bytes } = *self;
        // The own format first: it is the one of nearly all.
        let content = if format == C::FORMAT {
            C::decode(bytes)
        } else if let Some(content) = C::decode_other(format, bytes) {
            content
        } else if format == Json::FORMAT {
            Json::decode(bytes)
        } else {
            #[cfg(feature = "postcard")]
            if format == super::Postcard::FORMAT {
                return super::Postcard::decode(bytes).map_err(|source| unreadable(format, source));
            }
            return Err(PayloadError::Format { found: format.to_owned(), known: known::<C>() });
        };
        content.map_err(|source| unreadable(format, source))
    }
}

#[cold]
fn unreadable(format: &str, source: BoxError) -> PayloadError {
    PayloadError::Content { format: format.to_owned(), source }
}

/// The formats that an aggregate with the codec `C` reads.
fn known<C: Codec>() -> Vec<&'static str> {
    let mut known = Vec::new();
    for format in C::formats().into_iter().chain([
        Json::FORMAT,
        #[cfg(feature = "postcard")]
        super::Postcard::FORMAT,
    ]) {
        if !known.contains(&format) {
            known.push(format);
        }
    }
    known
}

/// Says why a payload cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum PayloadError {
    /// The payload is in a format that the aggregate does not read.
    Format {
        /// The format's name in the journal.
        found: String,
        /// The formats that the aggregate reads.
        known: Vec<&'static str>,
    },
    /// The payload does not hold what it should.
    Content {
        /// The format's name in the journal.
        format: String,
        /// What the codec says.
        source: BoxError,
    },
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format { found, known } => {
                write!(f, "its format is `{found}`, but this program reads only {}", Formats(known))
            }
            Self::Content { format, source } => write!(f, "its {format} does not read: {source}"),
        }
    }
}

impl Error for PayloadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Content { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

/// Formats in a sentence: `a`, `b` and `c`.
struct Formats<'a>(&'a [&'static str]);

impl fmt::Display for Formats<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, format) in self.0.iter().enumerate() {
            match self.0.len() - at {
                _ if at == 0 => {}
                1 => f.write_str(" and ")?,
                _ => f.write_str(", ")?,
            }
            write!(f, "`{format}`")?;
        }
        Ok(())
    }
}
