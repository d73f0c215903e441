//! `SqliteTx`: the transaction that a projection writes in.

use std::fmt;
use std::ops::Deref;

use rusqlite::{CachedStatement, Connection, Error, ErrorCode, Params, Row, Statement};

use super::Guard;
use crate::place::{Failure, Place};
use crate::reader::Reader;

/// The transaction that a projection writes in.
///
/// It has the calls of a [`Connection`]; those here keep their statements for the next time. What is written becomes visible, and
/// lasts, with the checkpoint, or not at all.
///
/// A projection cannot end the transaction, nor change the tables of the journal: that is an error, and leaves all
/// as it was. Savepoints of its own are allowed. A value that borrows from it, as a [`Statement`] does, cannot be held over an
/// `.await`.
///
/// All appends to the file wait while a projection has it. So a projection does not wait for anything else, and least of
/// all for a command on the same store, which is an error.
pub struct SqliteTx {
    pub(crate) reader: Reader,
    place: Place,
    guard: Guard,
    /// Whether what is written is to outlive a power cut, as events do.
    is_to_last: bool,
}

impl SqliteTx {
    pub(crate) fn new(mut reader: Reader, place: Place) -> rusqlite::Result<Self> {
        let guard = Guard::install(&mut reader.db)?;
        Ok(Self { reader, place, guard, is_to_last: false })
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Has the transaction wait for the disk when it is committed, as those of projections do not.
    pub(crate) fn have_it_last(&mut self) {
        self.is_to_last = true;
    }

    /// Whether that was asked for since the last time that this was called.
    pub(crate) fn take_is_to_last(&mut self) -> bool {
        std::mem::take(&mut self.is_to_last)
    }

    /// What a failure of `action` is to the caller.
    pub(crate) fn error(&self, action: &'static str, failure: Failure) -> es_core::JournalError {
        self.place.error(action, failure)
    }

    /// Does what belongs to this crate, and not to the projection.
    pub(crate) fn own<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, es_core::JournalError> {
        let was_up = self.guard.set(false);
        let result = if was_up && self.reader.db.is_autocommit() {
            Err(Failure::Sqlite(ended()))
        } else {
            work(&self.reader.db)
        };
        self.guard.set(was_up);
        result.map_err(|failure| self.place.error(action, failure))
    }

    /// Runs one statement; gives the number of rows that it changed. The statement is kept.
    ///
    /// # Errors
    ///
    /// As [`Connection::execute`].
    pub fn execute<P: Params>(&self, sql: &str, params: P) -> rusqlite::Result<usize> {
        self.prepare_cached(sql)?.execute(params)
    }

    /// Runs several statements without parameters.
    ///
    /// # Errors
    ///
    /// As [`Connection::execute_batch`].
    pub fn execute_batch(&self, sql: &str) -> rusqlite::Result<()> {
        self.reader.db.execute_batch(sql).map_err(explained)
    }

    /// Runs a query and maps its first row. The statement is kept.
    ///
    /// # Errors
    ///
    /// As [`Connection::query_row`]: no row is [`Error::QueryReturnedNoRows`].
    pub fn query_row<T, P, F>(&self, sql: &str, params: P, map: F) -> rusqlite::Result<T>
    where
        P: Params,
        F: FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    {
        self.prepare_cached(sql)?.query_row(params, map)
    }

    /// Prepares a statement, or takes one that was kept.
    ///
    /// # Errors
    ///
    /// As [`Connection::prepare_cached`].
    pub fn prepare_cached(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.reader.db.prepare_cached(sql).map_err(explained)
    }

    /// Prepares a statement that is used once.
    ///
    /// # Errors
    ///
    /// As [`Connection::prepare`].
    pub fn prepare(&self, sql: &str) -> rusqlite::Result<Statement<'_>> {
        self.reader.db.prepare(sql).map_err(explained)
    }
}

impl Deref for SqliteTx {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.reader.db
    }
}

impl fmt::Debug for SqliteTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTx").finish_non_exhaustive()
    }
}

/// Says what "not authorized" means here.
fn explained(error: Error) -> Error {
    match error {
        Error::SqliteFailure(code, message) if code.code == ErrorCode::AuthorizationForStatementDenied => {
            let message = message.unwrap_or_else(|| "not authorized".to_owned());
            let rule = "a projection does not begin or end transactions, nor change the tables of the journal";
            Error::SqliteFailure(code, Some(format!("{message}: {rule}")))
        }
        other => other,
    }
}

/// The error of a transaction that is there no more.
pub(crate) fn ended() -> Error {
    let what = "the transaction was ended by a statement of the projection (as `INSERT OR ROLLBACK` does)";
    Error::ToSqlConversionFailure(what.into())
}
