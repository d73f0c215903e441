//! `Place`: where a store is, for its errors, and what PostgreSQL's errors mean there.

use std::error::Error;
use std::sync::Arc;
use std::{fmt, io};

use es_core::{BoxError, JournalError, Position};
use sqlx::postgres::PgConnectOptions;

use crate::error::ConnectError;
use crate::schema::Schema;

/// A schema of a database on a server.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    name: Arc<str>,
}

impl Place {
    pub(crate) fn new(options: &PgConnectOptions, schema: &Schema) -> Self {
        let database = options.get_database().unwrap_or(options.get_username());
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        Self { name: format!("schema `{}` of database `{database}` at {host}", schema.name()).into() }
    }

    /// How errors name it.
    pub(crate) fn name(&self) -> String {
        self.name.to_string()
    }

    pub(crate) fn closed(&self) -> JournalError {
        JournalError::Closed { store: self.name() }
    }

    pub(crate) fn damaged(&self, position: Option<Position>, what: impl Into<String>) -> JournalError {
        JournalError::Corrupt { store: self.name(), position, what: what.into() }
    }

    /// An error for one more who is told of it.
    pub(crate) fn same(&self, error: &Arc<JournalError>) -> JournalError {
        let (store, source) = (self.name(), Box::new(SourceOf(Arc::clone(error))));
        match &**error {
            JournalError::Busy { .. } => JournalError::Busy { store, source },
            JournalError::Full { .. } => JournalError::Full { store, source },
            JournalError::ReadOnly { .. } => JournalError::ReadOnly { store, source },
            JournalError::Corrupt { position, what, .. } => self.damaged(*position, what),
            JournalError::Closed { .. } => self.closed(),
            JournalError::Failed { action, .. } => JournalError::Failed { store, action, source },
            _ => JournalError::Failed { store, action: "go on", source },
        }
    }

    /// What an error of the database means to a journal.
    pub(crate) fn error(&self, action: &'static str, error: sqlx::Error) -> JournalError {
        match &error {
            sqlx::Error::PoolClosed => self.closed(),
            // Of an append it is looked before whether it may have been sent.
            sqlx::Error::PoolTimedOut => JournalError::Busy { store: self.name(), source: error.into() },
            sqlx::Error::Io(io) if may_pass(io) => JournalError::Busy { store: self.name(), source: error.into() },
            _ => self.coded(action, code(&error).as_deref(), error),
        }
    }

    /// What an error with this SQLSTATE means to a journal.
    pub(crate) fn coded(
        &self,
        action: &'static str,
        code: Option<&str>,
        error: impl Into<BoxError> + ToString,
    ) -> JournalError {
        let store = self.name();
        match code {
            Some(code) if is_busy(code) || is_away(code) => JournalError::Busy { store, source: error.into() },
            Some("53100") => JournalError::Full { store, source: error.into() },
            // In a transaction that may only read, as on a standby; without the privilege.
            Some("25006" | "42501") => JournalError::ReadOnly { store, source: error.into() },
            Some(code) if code.starts_with("XX") => {
                JournalError::Corrupt { store, position: None, what: error.to_string() }
            }
            _ => JournalError::Failed { store, action, source: error.into() },
        }
    }

    /// What an error of the database means to who connects.
    pub(crate) fn connect_error(&self, error: sqlx::Error) -> ConnectError {
        let store = self.name();
        match (code(&error).as_deref(), &error) {
            (Some("42501" | "28000" | "28P01" | "25006"), _) => ConnectError::Denied { store, source: error.into() },
            (Some("3D000"), _) => {
                ConnectError::Unsuitable { store, what: "there is no such database; create it first".to_owned() }
            }
            (Some(code), _) if is_busy(code) || is_away(code) => {
                ConnectError::Unreachable { store, source: error.into() }
            }
            (None, sqlx::Error::Io(io)) if may_pass(io) => ConnectError::Unreachable { store, source: error.into() },
            _ => ConnectError::Failed { store, source: error.into() },
        }
    }
}

/// What an error that several are told of has as its source.
#[derive(Debug)]
struct SourceOf(Arc<JournalError>);

impl SourceOf {
    fn error(&self) -> &(dyn Error + 'static) {
        self.0.source().unwrap_or(&*self.0)
    }
}

impl fmt::Display for SourceOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.error(), f)
    }
}

impl Error for SourceOf {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error().source()
    }
}

/// Whether the server says with this SQLSTATE that others were in the way: serialization failure, deadlock, faster appends, lock not
/// available; cancelled, which is what a timeout does.
fn is_busy(code: &str) -> bool {
    matches!(code, "40001" | "40P01" | "ES001" | "55P03" | "57014")
}

/// Whether the server says with this SQLSTATE that it cannot be used just now, or has ended the connection: it ends, has
/// crashed, or starts; the connection was idle for too long, in a transaction or not; too many connections, or no memory; or one
/// who stands between says that there is no connection.
pub(crate) fn is_away(code: &str) -> bool {
    has_ended(code) || matches!(code, "57P03" | "53300" | "53200" | "08000" | "08001" | "08003" | "08004" | "08006")
}

/// Whether the server says with this SQLSTATE that it has ended this connection, which says nothing of others.
pub(crate) fn has_ended(code: &str) -> bool {
    matches!(code, "57P01" | "57P02" | "57P05" | "25P03")
}

/// Whether an error of the network may be another one, or none, the next time: there is no server, or the way to it is broken.
fn may_pass(error: &io::Error) -> bool {
    // What is wrong with an address, a socket's rights, or a certificate stays wrong.
    use io::ErrorKind::{InvalidData, InvalidInput, PermissionDenied, Unsupported};
    !matches!(error.kind(), InvalidData | InvalidInput | PermissionDenied | Unsupported)
}

/// The SQLSTATE of an error of the server; texts depend on its language.
pub(crate) fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(Into::into)
}
