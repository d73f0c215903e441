//! `Place`: where a store is, for its errors, and what PostgreSQL's errors mean there.

use std::sync::Arc;

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

    /// What an error of the database means to a journal.
    pub(crate) fn error(&self, action: &'static str, error: sqlx::Error) -> JournalError {
        match &error {
            sqlx::Error::PoolClosed => self.closed(),
            sqlx::Error::PoolTimedOut => JournalError::Busy { store: self.name(), source: error.into() },
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
            // Serialization failure, deadlock, faster appends, lock not available; too many connections; cancelled, which is what a
            // timeout does; shutting down, starting up.
            Some("40001" | "40P01" | "ES001" | "55P03" | "53300" | "57014" | "57P01" | "57P03") => {
                JournalError::Busy { store, source: error.into() }
            }
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
            (Some("53300" | "57P01" | "57P03"), _)
            | (None, sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut) => {
                ConnectError::Unreachable { store, source: error.into() }
            }
            _ => ConnectError::Failed { store, source: error.into() },
        }
    }
}

/// The SQLSTATE of an error of the server; texts depend on its language.
pub(crate) fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(Into::into)
}
