//! What may go wrong in a store.

use crate::BoxError;
use crate::event::Position;

/// Says why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The store cannot be used just now: another program holds it for longer than this one waits, or its server is away, is
    /// starting, or does not answer. An append that gives it has written nothing; a commit of a read store may have been
    /// done, where the source says so. Try again.
    #[error("{store} cannot be used just now: {source}; try again")]
    Busy {
        /// Which store.
        store: String,
        /// What the database says.
        source: BoxError,
    },
    /// There is no room for more events. What is stored stays readable; free some space and try again.
    #[error("{store} is full: {source}")]
    Full {
        /// Which store.
        store: String,
        /// What the database says.
        source: BoxError,
    },
    /// The store can be read, but not written.
    #[error("{store} cannot be written: {source}")]
    ReadOnly {
        /// Which store.
        store: String,
        /// What the database says.
        source: BoxError,
    },
    /// What is stored is not what was written.
    #[error("{store} is damaged{}: {what}", At(*position))]
    Corrupt {
        /// Which store.
        store: String,
        /// The event at or after which it is damaged, where that is known.
        position: Option<Position>,
        /// What is wrong.
        what: String,
    },
    /// The store is closed.
    #[error("{store} is closed")]
    Closed {
        /// Which store.
        store: String,
    },
    /// The database failed in another way.
    #[error("{store}: cannot {action}: {source}")]
    Failed {
        /// Which store.
        store: String,
        /// What was asked of it.
        action: &'static str,
        /// What the database says.
        source: BoxError,
    },
}

impl JournalError {
    /// Whether trying again, without changing anything, can help.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}

struct At(Option<Position>);

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |position| write!(f, " at position {position}"))
    }
}
