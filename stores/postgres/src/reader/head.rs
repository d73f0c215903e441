//! The end of the journal, and how long to wait for what is committed and cannot be read yet.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use es_core::{JournalError, Position};

use super::row::{End, Line};
use super::{Reader, Trouble, on_connection, ready};
use crate::connections::Lent;

/// Reading waits so long for one and the same transaction, in all.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait before looking again.
const REST: Duration = Duration::from_millis(1);

/// Waits for transactions that take moments, and not for others.
///
/// A program that has appended an event and reads the journal expects to find it there. Most often what stands in the
/// way is an append of another one.
#[derive(Debug, Default)]
pub(crate) struct Patience(Mutex<Option<(i64, Instant)>>);

impl Patience {
    /// Whether to wait for the oldest transaction, whose epoch is `bound`.
    pub(super) fn allows(&self, bound: i64) -> bool {
        // A number and a time, which are replaced together.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((oldest, since)) if *oldest >= bound => since.elapsed() < PATIENCE,
            _ => {
                *known = Some((bound, Instant::now()));
                true
            }
        }
    }

    pub(super) async fn rest(&self) {
        tokio::time::sleep(REST).await;
    }
}

impl Reader {
    /// See [`Journal::head`](es_core::Journal::head).
    pub(crate) async fn head(&self) -> Result<Position, JournalError> {
        let mut newest = None;
        loop {
            let end = self.end().await?;
            let newest = *newest.get_or_insert(end.newest);
            if end.bound > newest || !self.patience.allows(end.bound) {
                return Ok(end.last);
            }
            self.patience.rest().await;
        }
    }

    /// See [`Journal::newest`](es_core::Journal::newest).
    pub(crate) async fn newest(&self) -> Result<Position, JournalError> {
        on_connection!(self, "find the newest event", |lent| self.ask_newest(lent))
    }

    async fn ask_newest(&self, lent: &mut Lent<'_>) -> Result<Position, Trouble> {
        let sql = "SELECT epoch, number FROM {schema}.events ORDER BY epoch DESC, number DESC LIMIT 1";
        let row: Option<(i64, i64)> = sqlx::query_as(self.schema.sql(sql)).fetch_optional(&mut lent.db).await?;
        let Some((epoch, number)) = row else { return Ok(Position::START) };
        let (Ok(epoch), Ok(number)) = (u64::try_from(epoch), u64::try_from(number)) else {
            return Err(self.place.damaged(None, format!("an event has position {epoch}.{number}")).into());
        };
        Ok(Position { epoch, number })
    }

    /// What stands after the last event that can be read.
    pub(crate) async fn end(&self) -> Result<End, JournalError> {
        on_connection!(self, "find the head", |lent| self.ask_end(lent))
    }

    async fn ask_end(&self, lent: &mut Lent<'_>) -> Result<End, Trouble> {
        let row = sqlx::query(ready(&self.sql.end)).fetch_one(&mut lent.db).await?;
        match Line::new(&row, &mut Vec::new(), &self.place)? {
            Line::End(end) => Ok(end),
            Line::Event(event) => Err(self.place.damaged(Some(event.position), "it has no end").into()),
        }
    }
}
