//! What may go wrong in a store.

use std::error::Error;
use std::fmt;

use crate::BoxError;
use crate::event::Position;

/// Says why a store could not do what was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum JournalError {
    /// The store cannot be used just now: another program holds it for longer than this one waits, or its server is away, is
    /// starting, or does not answer. An append that gives it has written nothing; a commit of a read store may have been
    /// done, where the source says so. Try again.
    Busy {
        /// Which store.
        store: String,
        /// What the database says.
        source: BoxError,
    },
    /// There is no room for more events. What is stored stays readable; free some space and try again.
    Full {
        /// Which store.
        store: String,
        /// What the database says.
        source: BoxError,
    },
    /// The store can be read, but not written.
    ReadOnly {
        /// Which store.
        store: String,
        /// What the database says.
        source: BoxError,
    },
    /// What is stored is not what was written.
    Corrupt {
        /// Which store.
        store: String,
        /// The event at or after which it is damaged, where that is known.
        position: Option<Position>,
        /// What is wrong.
        what: String,
    },
    /// The store is closed.
    Closed {
        /// Which store.
        store: String,
    },
    /// The database failed in another way.
    Failed {
        /// Which store.
        store: String,
        /// What was asked of it.
        action: &'static str,
        /// What the database says.
        source: BoxError,
    },
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy { store, source } => write!(f, "{store} cannot be used just now: {source}; try again"),
            Self::Full { store, source } => write!(f, "{store} is full: {source}"),
            Self::ReadOnly { store, source } => write!(f, "{store} cannot be written: {source}"),
            Self::Corrupt { store, position, what } => write!(f, "{store} is damaged{}: {what}", At(*position)),
            Self::Closed { store } => write!(f, "{store} is closed"),
            Self::Failed { store, action, source } => write!(f, "{store}: cannot {action}: {source}"),
        }
    }
}

impl Error for JournalError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Busy { source, .. }
            | Self::Full { source, .. }
            | Self::ReadOnly { source, .. }
            | Self::Failed { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

impl JournalError {
    /// Whether trying again, without changing anything, can help.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}

struct At(Option<Position>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |position| write!(f, " at position {position}"))
    }
}
