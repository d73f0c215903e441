//! `PostgresTx`: the transaction that a projection writes in.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use es_core::{BoxError, JournalError, ReadStoreError};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::alive::Mark;
use super::statements::Statements;
use crate::connections::in_time;
use crate::place::{Place, code};

/// The transaction that a projection writes in.
///
/// It is sqlx's own, so queries are written as always:
///
/// ```
/// use es_core::prelude::*;
/// use es_postgres::PostgresTx;
///
/// async fn count(tx: &mut PostgresTx, account: &str) -> Projected {
///     let sql = "INSERT INTO counts VALUES ($1, 1) ON CONFLICT (account) DO UPDATE SET count = counts.count + 1";
///     sqlx::query(sql).bind(account).execute(&mut **tx).await?;
///     Ok(())
/// }
/// ```
///
/// What is written becomes visible, and lasts, with the checkpoint, or not at all. A projection cannot end the transaction:
/// a `COMMIT` is an error, and after a `ROLLBACK` nothing can be written. Savepoints of its own (`tx.begin()`) are allowed.
pub struct PostgresTx {
    transaction: Transaction<'static, Postgres>,
    place: Place,
    pub(super) statements: Arc<Statements>,
    /// What the transaction has in `es.transaction`: another one, or none, does not.
    token: String,
    mark: Mark,
    /// Whether this crate's last statement was the last one, and has checked that the transaction is there.
    sealed: bool,
    /// Whether the lease was looked at, and cannot be taken over before the end.
    pub(super) fenced: bool,
    /// How long to wait for an answer to a statement of this crate.
    limit: Duration,
}

impl PostgresTx {
    pub(super) async fn begin(
        pool: &PgPool,
        place: &Place,
        statements: &Arc<Statements>,
        limit: Duration,
    ) -> sqlx::Result<Self> {
        let id = Uuid::now_v7();
        let (token, Mark(mark)) = (id.simple().to_string(), Mark::of(id));
        // The lock is in nobody's way; others see by it whether the transaction is still there.
        let begin = format!(
            "BEGIN READ WRITE; SELECT set_config('es.transaction', '{token}', true), pg_advisory_xact_lock_shared({mark})"
        );
        let transaction = pool.begin_with(AssertSqlSafe(begin)).await?;
        let (place, statements) = (place.clone(), Arc::clone(statements));
        Ok(Self { transaction, place, statements, token, mark: Mark(mark), sealed: false, fenced: false, limit })
    }

    /// What others see it by.
    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// The connection, for a statement of this crate.
    pub(super) fn own(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Notes that it is there, as it was begun, and may be committed.
    pub(super) fn seal(&mut self) {
        self.sealed = true;
    }

    pub(super) async fn commit(mut self) -> Result<(), ReadStoreError> {
        if !self.sealed {
            // A commit of a transaction in which a statement has failed is a rollback, and no error.
            let sql =
                "SELECT set_config('es.may_commit', 'on', true) <> '' AND current_setting('es.transaction', true) = $1";
            let token = self.token.clone();
            let limit = self.limit;
            let check = sqlx::query_scalar::<_, Option<bool>>(sql).bind(token).fetch_one(self.own());
            let checked = in_time(limit, check).await;
            if checked.map_err(|error| self.error("commit a transaction", error))? != Some(true) {
                return Err(ended());
            }
        }
        let Self { transaction, place, limit, .. } = self;
        in_time(limit, transaction.commit()).await.map_err(|error| not_committed(&place, error))
    }

    pub(super) async fn roll_back(self) {
        // A connection that cannot be told so is closed, which is the same to the server.
        let _ = in_time(self.limit, self.transaction.rollback()).await;
    }

    /// What an error of a statement of this crate means.
    pub(super) fn error(&self, action: &'static str, error: sqlx::Error) -> ReadStoreError {
        failed(&self.place, action, error)
    }

    pub(super) fn damaged(&self, what: String) -> JournalError {
        self.place.damaged(None, what)
    }
}

fn failed(place: &Place, action: &'static str, error: sqlx::Error) -> ReadStoreError {
    match code(&error).as_deref() {
        // A statement of the projection has failed before, or has ended the transaction: outside of it nothing can be written.
        Some("25P02" | "25006") => ended(),
        _ => place.error(action, error).into(),
    }
}

/// What an error of a commit means.
fn not_committed(place: &Place, error: sqlx::Error) -> ReadStoreError {
    // What belongs to a commit, and a transaction that has failed before, say that there was none.
    let refused = code(&error).is_some_and(|code| ["23", "25", "40"].iter().any(|class| code.starts_with(class)));
    match failed(place, "commit a transaction", error) {
        ReadStoreError::Store(JournalError::Busy { store, source }) if !refused => {
            JournalError::Busy { store, source: MayBeCommitted { source }.into() }.into()
        }
        error => error,
    }
}

/// Why nobody knows whether a transaction was committed.
#[derive(Debug, thiserror::Error)]
#[error("the transaction may have been committed: {source}")]
struct MayBeCommitted {
    source: BoxError,
}

pub(super) fn ended() -> ReadStoreError {
    ReadStoreError::Ended
}

impl Deref for PostgresTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for PostgresTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.sealed = false;
        &mut self.transaction
    }
}

impl fmt::Debug for PostgresTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTx").finish_non_exhaustive()
    }
}
