//! Which transaction keeps events from being read.

use std::time::Duration;

use es_core::{HeldBack, JournalError};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::{Reader, Trouble, on_connection};
use crate::connections::Lent;

/// How often to look for a transaction that has ended by the time that its process is looked for.
const TRIES: usize = 5;

impl Reader {
    /// See [`Journal::held_back`](es_core::Journal::held_back).
    pub(crate) async fn held_back(&self) -> Result<Option<HeldBack>, JournalError> {
        for _ in 0..TRIES {
            if !self.end().await?.holds_back() {
                return Ok(None);
            }
            let found = on_connection!(self, "find what holds events back", |lent| self.oldest(lent))?;
            if found.is_some() {
                return Ok(found);
            }
            // It has ended meanwhile. There may be another one behind it.
        }
        Ok(Some(HeldBack::new("transactions that follow each other")))
    }

    async fn oldest(&self, lent: &mut Lent<'_>) -> Result<Option<HeldBack>, Trouble> {
        let sql = include_str!("held_back.sql");
        let row = sqlx::query(sql).fetch_optional(&mut lent.db).await?;
        if let Some(row) = row {
            return Ok(Some(held_back(&row)?));
        }
        // It has ended, or this is a standby, and it is one of the primary's.
        let standby: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(&mut lent.db).await?;
        Ok(standby.then(|| HeldBack::new("a transaction on the primary server")))
    }
}

fn held_back(row: &PgRow) -> Result<HeldBack, sqlx::Error> {
    let (pid, prepared): (Option<i32>, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
    let mut by = match (pid, prepared) {
        (_, Some(name)) => format!("prepared transaction `{name}`"),
        (Some(pid), None) => format!("transaction of pid {pid}"),
        (None, None) => "a transaction".to_owned(),
    };
    let text = |index| row.try_get::<Option<String>, _>(index);
    let known = [("database", text(2)?), ("user", text(3)?), ("program", text(4)?), ("state", text(5)?)];
    let known: Vec<_> = known
        .into_iter()
        .filter_map(|(what, text)| text.filter(|text| !text.is_empty()).map(|text| format!("{what} `{text}`")))
        .collect();
    if !known.is_empty() {
        by = format!("{by} ({})", known.join(", "));
    }
    let age: Option<f64> = row.try_get(6)?;
    let mut held_back = HeldBack::new(by);
    held_back.pid = pid.and_then(|pid| u32::try_from(pid).ok());
    held_back.age = age.and_then(|age| Duration::try_from_secs_f64(age).ok());
    Ok(held_back)
}
