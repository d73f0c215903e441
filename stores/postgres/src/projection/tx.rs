//! `PostgresTx`: the transaction that a projection writes in.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use es_core::{BoxError, JournalError, ReadStoreError};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::PostgresLease;
use super::alive::Mark;
use super::connections::{Connections, Lent};
use super::execute::Execute;
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
    lent: Lent,
    place: Place,
    pub(super) statements: Arc<Statements>,
    /// What the transaction has in `es.transaction`: another one, or none, does not.
    token: String,
    mark: Mark,
    /// Whether this crate's last statement was the last one, and has checked that the transaction is there.
    sealed: bool,
    /// Whether the lease was looked at, and cannot be taken over before the end.
    pub(super) fenced: bool,
    /// What the begin has found under a lease, until somebody asks for it.
    found: Option<(Under, PgRow)>,
    /// What the commit is to save first.
    at_end: Option<(Under, Execute)>,
    /// How long to wait for an answer to a statement of this crate.
    limit: Duration,
}

/// A lease, as statements name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Under {
    projection: String,
    epoch: i64,
}

impl Under {
    pub(super) fn of(lease: &PostgresLease) -> Self {
        Self { projection: lease.projection.clone(), epoch: lease.epoch }
    }

    fn taken_over(self) -> ReadStoreError {
        ReadStoreError::TakenOver { projection: self.projection }
    }
}

/// How many columns `load.sql` has.
const LOADED: usize = 9;

impl PostgresTx {
    /// Begins a transaction. Under a lease it has looked at that when this is done, with the same message.
    pub(super) async fn begin(
        connections: &Connections,
        place: &Place,
        statements: &Arc<Statements>,
        limit: Duration,
        under: Option<&Under>,
    ) -> sqlx::Result<Self> {
        let mut lent = connections.lend().await?;
        let id = Uuid::now_v7();
        let (token, mark) = (id.simple().to_string(), Mark::of(id));
        let begin = Execute::new("es_begin").text(Some(&token)).number(Some(mark.0)).sql();
        let mut sql = format!("BEGIN READ WRITE; {begin}");
        if let Some(Under { projection, epoch }) = under {
            let load = Execute::new("es_load").text(Some(projection)).number(Some(*epoch)).sql();
            sql = format!("{sql}; {load}");
        }
        let answer = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut lent.db).await;
        let mut rows = answer.inspect_err(|_| connections.forget())?;
        let found = under.cloned().zip(rows.pop().filter(|row| row.len() == LOADED));
        let fenced = found.is_some();
        let (place, statements) = (place.clone(), Arc::clone(statements));
        Ok(Self { lent, place, statements, token, mark, sealed: false, fenced, found, at_end: None, limit })
    }

    /// What others see it by.
    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// The connection, for a statement of this crate.
    pub(super) fn own(&mut self) -> &mut PgConnection {
        // It may be another one after this.
        self.found = None;
        &mut self.lent.db
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Notes that it is there, as it was begun, and may be committed.
    pub(super) fn seal(&mut self) {
        self.sealed = true;
    }

    /// What the begin has found under this lease, if anything.
    pub(super) fn found(&mut self, lease: &PostgresLease) -> Option<PgRow> {
        self.found.take_if(|(under, _)| *under == Under::of(lease)).map(|(_, row)| row)
    }

    /// Has the commit do this first.
    pub(super) fn at_end(&mut self, under: Under, save: Execute) {
        self.at_end = Some((under, save));
    }

    /// Commits it, unless the projection has ended it, or the lease of what is to be saved is another one's.
    pub(super) async fn commit(mut self) -> Result<(), ReadStoreError> {
        // In one message with the commit, which is not done where there was an error before it. A commit alone would not say
        // that a statement has failed before: it is a rollback then, and no error.
        let (sql, under) = match self.at_end.take() {
            Some((under, save)) => (format!("{}; COMMIT", save.sql()), Some(under)),
            None if self.sealed => ("COMMIT".to_owned(), None),
            None => (format!("{}; COMMIT", Execute::new("es_check").text(Some(&self.token)).sql()), None),
        };
        let limit = self.limit;
        match in_time(limit, sqlx::raw_sql(AssertSqlSafe(sql)).execute(self.own())).await {
            Ok(_) => {
                self.lent.give_back();
                Ok(())
            }
            Err(error) if code(&error).as_deref() == Some(NOTHING) => Err(self.not_there(under).await),
            Err(error) => Err(not_committed(&self.place, error)),
        }
    }

    /// Why the transaction is not there that was to be committed, or the lease is not.
    async fn not_there(mut self, under: Option<Under>) -> ReadStoreError {
        let Some(under) = under else {
            self.roll_back().await;
            return ended();
        };
        let load = Execute::new("es_load").text(Some(&under.projection)).number(Some(under.epoch)).sql();
        let sql = format!("ROLLBACK; BEGIN READ WRITE; {load}; ROLLBACK");
        let limit = self.limit;
        match in_time(limit, sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(self.own())).await {
            Ok(rows) => {
                self.lent.give_back();
                if rows.is_empty() { under.taken_over() } else { ended() }
            }
            Err(error) => failed(&self.place, "save a checkpoint", error),
        }
    }

    pub(super) async fn roll_back(mut self) {
        let limit = self.limit;
        // A connection that cannot be told so is closed, which is the same to the server.
        if in_time(limit, sqlx::raw_sql("ROLLBACK").execute(self.own())).await.is_ok() {
            self.lent.give_back();
        }
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

/// The SQLSTATE of a division by zero, which is what `prepare.sql` makes of nothing.
const NOTHING: &str = "22012";

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
        &self.lent.db
    }
}

impl DerefMut for PostgresTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.sealed = false;
        &mut self.lent.db
    }
}

impl fmt::Debug for PostgresTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTx").finish_non_exhaustive()
    }
}
