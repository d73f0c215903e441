//! `StreamId`: which aggregate, and which one of them.

use std::error::Error;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Names a stream of events: the name of an aggregate, and the id of one of them.
///
/// Prints as `account/alice`. Two streams are the same only if both parts are equal byte for
/// byte: nothing is folded, trimmed or normalised. The name cannot hold a `/`, so the parts never
/// run into each other.
///
/// ```
/// use es_core::StreamId;
///
/// let stream = StreamId::new("account", "alice/savings")?;
/// assert_eq!((stream.aggregate(), stream.id()), ("account", "alice/savings"));
/// assert_eq!(stream.to_string(), "account/alice/savings");
/// # Ok::<(), es_core::StreamIdError>(())
/// ```
#[derive(Clone)]
pub struct StreamId {
    text: Arc<str>,
    slash: u8,
}

impl StreamId {
    /// The longest id of an aggregate, in bytes.
    pub const MAX_ID: usize = 255;
    /// The longest name of an aggregate, in bytes.
    pub const MAX_AGGREGATE: usize = 100;

    /// Makes the stream of the `aggregate` with this `id`.
    ///
    /// # Errors
    ///
    /// - [`StreamIdError::Aggregate`] for a name that is empty, too long, or has characters other
    ///   than ASCII letters, digits, `_`, `-` and `.`;
    /// - [`StreamIdError::Empty`], [`StreamIdError::TooLong`] and [`StreamIdError::Nul`] for the id.
    pub fn new(aggregate: &str, id: &str) -> Result<Self, StreamIdError> {
        if !is_name(aggregate) || aggregate.len() > Self::MAX_AGGREGATE {
            return Err(StreamIdError::Aggregate { aggregate: aggregate.to_owned() });
        }
        let owned = || aggregate.to_owned();
        if id.is_empty() {
            return Err(StreamIdError::Empty { aggregate: owned() });
        }
        if id.len() > Self::MAX_ID {
            let start = id.chars().take(40).collect();
            return Err(StreamIdError::TooLong { aggregate: owned(), start, bytes: id.len() });
        }
        if id.contains('\0') {
            return Err(StreamIdError::Nul { aggregate: owned(), id: id.escape_debug().to_string() });
        }
        let slash = u8::try_from(aggregate.len()).map_err(|_| StreamIdError::Aggregate { aggregate: owned() })?;
        Ok(Self { text: joined(aggregate, id), slash })
    }

    /// The name of the aggregate.
    pub fn aggregate(&self) -> &str {
        &self.text[..usize::from(self.slash)]
    }

    /// The id of the aggregate.
    pub fn id(&self) -> &str {
        &self.text[usize::from(self.slash) + 1..]
    }

    /// The whole, as it prints: name, `/`, id.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The two parts with a slash between them, in one allocation: a command makes such a text each time.
fn joined(aggregate: &str, id: &str) -> Arc<str> {
    let mut buffer = [0; 96];
    if let Some(place) = buffer.get_mut(..aggregate.len() + 1 + id.len()) {
        let (name, rest) = place.split_at_mut(aggregate.len());
        name.copy_from_slice(aggregate.as_bytes());
        if let [slash, rest @ ..] = rest {
            *slash = b'/';
            rest.copy_from_slice(id.as_bytes());
        }
        if let Ok(text) = str::from_utf8(place) {
            return text.into();
        }
    }
    // Longer than most.
    format!("{aggregate}/{id}").into()
}

/// Whether `text` can be the name of an aggregate or of an event, but for its length.
fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !text.is_empty() && text.bytes().all(allowed)
}

impl PartialEq for StreamId {
    fn eq(&self, other: &Self) -> bool {
        // The first slash ends the name, so equal texts have equal parts.
        Arc::ptr_eq(&self.text, &other.text) || self.text == other.text
    }
}

impl Eq for StreamId {}

impl PartialOrd for StreamId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for StreamId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for StreamId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// Says why there can be no such stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamIdError {
    /// The name of the aggregate cannot be stored.
    Aggregate {
        /// The name.
        aggregate: String,
    },
    /// The id is empty.
    Empty {
        /// The name of the aggregate.
        aggregate: String,
    },
    /// The id is longer than [`StreamId::MAX_ID`] bytes.
    TooLong {
        /// The name of the aggregate.
        aggregate: String,
        /// How the id begins.
        start: String,
        /// The length of the id in bytes.
        bytes: usize,
    },
    /// The id holds U+0000, which not every store can keep in a text.
    Nul {
        /// The name of the aggregate.
        aggregate: String,
        /// The id, escaped.
        id: String,
    },
}

impl fmt::Display for StreamIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aggregate { aggregate } => write!(
                f,
                "`{}` cannot name an aggregate: use 1 to {} ASCII letters, digits, `_`, `-` or `.`",
                aggregate.escape_debug(),
                StreamId::MAX_AGGREGATE
            ),
            Self::Empty { aggregate } => write!(f, "the id of an aggregate `{aggregate}` is empty"),
            Self::TooLong { aggregate, start, bytes } => write!(
                f,
                "the id of an aggregate `{aggregate}` has {bytes} bytes, more than the {} there may be: `{}..`",
                StreamId::MAX_ID,
                start.escape_debug()
            ),
            Self::Nul { aggregate, id } => {
                write!(f, "the id `{id}` of an aggregate `{aggregate}` holds the character U+0000")
            }
        }
    }
}

impl Error for StreamIdError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_look_alike_stay_apart() {
        let ids = ["a", "A", "a ", " a", "\u{e9}", "e\u{301}", "a/b", "a-b", "a_b", "%", "'", "a\u{200b}"];
        let streams: std::collections::HashSet<_> = ids.iter().map(|id| StreamId::new("x", id).unwrap()).collect();
        assert_eq!(streams.len(), ids.len());
        assert_ne!(StreamId::new("a", "b/c").unwrap(), StreamId::new("a-b", "c").unwrap());
    }

    #[test]
    fn ids_have_1_to_255_bytes() {
        assert!(StreamId::new("x", &"\u{e9}".repeat(127)).is_ok());
        assert_eq!(StreamId::new("x", &"i".repeat(255)).unwrap().id().len(), 255);
        let error = StreamId::new("x", &"\u{e9}".repeat(128)).unwrap_err();
        assert!(matches!(error, StreamIdError::TooLong { bytes: 256, .. }), "{error}");
        assert!(matches!(StreamId::new("x", ""), Err(StreamIdError::Empty { .. })));
        assert!(matches!(StreamId::new("x", "a\0"), Err(StreamIdError::Nul { .. })));
    }

    #[test]
    fn names_of_aggregates_have_no_slash() {
        for name in ["", "a/b", "a b", "\u{e9}", &"a".repeat(101)] {
            assert!(matches!(StreamId::new(name, "i"), Err(StreamIdError::Aggregate { .. })), "{name}");
        }
        assert!(StreamId::new("bank.account_v2-EU", "i").is_ok());
    }
}
