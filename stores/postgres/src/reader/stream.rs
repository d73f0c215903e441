//! What is asked of one stream.

use std::ops::RangeInclusive;

use es_core::{CommandId, JournalError, StreamId, Timestamp};
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;

use super::{Reader, Trouble, on_connection, ready};
use crate::connections::Lent;

/// A query about a stream.
fn of(sql: impl sqlx::SqlSafeStr, stream: &StreamId) -> Query<'_, Postgres, PgArguments> {
    sqlx::query(sql).bind(stream.aggregate()).bind(stream.id())
}

impl Reader {
    /// See [`Journal::version`](es_core::Journal::version).
    pub(crate) async fn version(&self, stream: &StreamId) -> Result<u64, JournalError> {
        let row = on_connection!(self, "find the version of a stream", |lent| one(
            lent,
            of(ready(&self.sql.version), stream)
        ))?;
        let number: Option<i64> = self.column(row.as_ref(), 0)?;
        self.version_of(stream, number.unwrap_or(0))
    }

    /// See [`Journal::version_at`](es_core::Journal::version_at).
    pub(crate) async fn version_at(&self, stream: &StreamId, time: Timestamp) -> Result<u64, JournalError> {
        let row = on_connection!(self, "find the version of a stream at a time", |lent| one(
            lent,
            of(self.schema.sql(include_str!("version_at.sql")), stream).bind(time.as_micros())
        ))?;
        let (found, later) = (self.column::<i64>(row.as_ref(), 0)?, self.column::<i64>(row.as_ref(), 1)?);
        let (Some(found), Some(later)) = (found, later) else { return Ok(0) };
        if later - found > 1 {
            let what = format!("version {} of `{stream}` is missing", found + (later - found) / 2);
            return Err(self.place.damaged(None, what));
        }
        self.version_of(stream, found)
    }

    /// See [`Journal::find_command`](es_core::Journal::find_command).
    pub(crate) async fn find_command(
        &self,
        stream: &StreamId,
        id: CommandId,
    ) -> Result<Option<RangeInclusive<u64>>, JournalError> {
        let row = on_connection!(self, "find a command", |lent| one(
            lent,
            of(self.schema.sql(include_str!("find_command.sql")), stream).bind(id.as_uuid())
        ))?;
        let (first, last) = (self.column::<i64>(row.as_ref(), 0)?, self.column::<i64>(row.as_ref(), 1)?);
        let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
        Ok(Some(self.version_of(stream, first)?..=self.version_of(stream, last)?))
    }

    fn version_of(&self, stream: &StreamId, number: i64) -> Result<u64, JournalError> {
        u64::try_from(number).map_err(|_| self.place.damaged(None, format!("`{stream}` has version {number}")))
    }

    /// A column of a row; `None` where there is no row, or nothing in it.
    fn column<'r, T>(&self, row: Option<&'r PgRow>, index: usize) -> Result<Option<T>, JournalError>
    where
        T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
    {
        let value = row.map(|row| sqlx::Row::try_get::<Option<T>, _>(row, index)).transpose();
        Ok(value.map_err(|error| self.place.error("read a row", error))?.flatten())
    }
}

async fn one(lent: &mut Lent<'_>, query: Query<'_, Postgres, PgArguments>) -> Result<Option<PgRow>, Trouble> {
    Ok(query.fetch_optional(&mut lent.db).await?)
}
