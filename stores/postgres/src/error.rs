//! Why a store cannot be connected to.

use es_core::BoxError;

/// Says why a database could not be opened as a journal. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address of the database cannot be read.
    #[error("the address of the database does not read: {source}; write `postgres://user@host/database`")]
    Address {
        /// What is wrong with it.
        source: BoxError,
    },
    /// No schema can have this name.
    #[error(
        "`{}` cannot name a schema: use 1 to 63 bytes that do not begin with `pg_` and hold no `$` and no U+0000",
        name.escape_debug()
    )]
    SchemaName {
        /// The name.
        name: String,
    },
    /// There is no server, or it takes no connections now, or does not answer; or it does, and others there were in the way, or
    /// a statement was cancelled. Try again.
    #[error("{store} cannot be opened now: {source}; try again")]
    Unreachable {
        /// Which store.
        store: String,
        /// What the system or the server says.
        source: BoxError,
    },
    /// The server refuses the user, or the user may not do what has to be done.
    #[error("{store} refuses this program: {source}")]
    Denied {
        /// Which store.
        store: String,
        /// What the server says.
        source: BoxError,
    },
    /// The database cannot keep a journal.
    #[error("{store} cannot keep a journal: {what}")]
    Unsuitable {
        /// Which store.
        store: String,
        /// What is missing, and what to do.
        what: String,
    },
    /// The schema is there, but is not one of this crate.
    #[error("{store} has tables of another application; was another schema meant?")]
    Foreign {
        /// Which store.
        store: String,
    },
    /// The schema has to be made ready first, and the store is not to do that itself.
    #[error(
        "{store} has version {found} of the schema, and this program needs version {needed}: apply what \
         `PostgresStore::schema_sql` gives, or let the store migrate"
    )]
    NotReady {
        /// Which store.
        store: String,
        /// The version of its schema; 0 where there is none.
        found: u32,
        /// The version that this program needs.
        needed: u32,
    },
    /// The schema was made by a newer version of this crate, which this one cannot work with.
    #[error(
        "{store} has version {found} of the schema, and this program knows versions up to {known}; use a newer es-postgres"
    )]
    Newer {
        /// Which store.
        store: String,
        /// The version of its schema.
        found: u32,
        /// The newest version of the schema that this program knows.
        known: u32,
    },
    /// What is in the schema is not what this crate has written.
    #[error("{store} is damaged: {what}; restore it from a backup")]
    Damaged {
        /// Which store.
        store: String,
        /// What is wrong.
        what: String,
    },
    /// Something else failed.
    #[error("{store}: cannot connect: {source}")]
    Failed {
        /// Which store.
        store: String,
        /// What the server says.
        source: BoxError,
    },
}

impl ConnectError {
    /// Whether connecting again, without changing anything, can help.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}
