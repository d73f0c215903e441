//! The numbers of streams that were written before.

use es_core::StreamId;
use sqlx::postgres::types::Oid;
use sqlx::{PgConnection, Row};

use crate::cache::Cache;

/// How many streams are remembered, at least.
const STREAMS: usize = 16 * 1024;

/// Which number each stream has, on one connection.
///
/// They are those of one table. Where another one stands in its place, as after a restore, a statement that names both
/// finds nothing.
#[derive(Debug)]
pub(super) struct StreamNumbers {
    table: Oid,
    known: Cache<StreamId, i64>,
}

impl Default for StreamNumbers {
    fn default() -> Self {
        Self { table: Oid(0), known: Cache::new(STREAMS) }
    }
}

impl StreamNumbers {
    /// The table that the numbers are in.
    pub(super) fn table(&self) -> Oid {
        self.table
    }

    pub(super) fn get(&mut self, stream: &StreamId) -> Option<i64> {
        self.known.get(stream)
    }

    /// Forgets the number of a stream: it may be that of another one.
    pub(super) fn forget(&mut self, stream: &StreamId) {
        self.known.remove(stream);
    }

    /// Finds the numbers of streams, of those that are there.
    pub(super) async fn find(
        &mut self,
        db: &mut PgConnection,
        sql: impl sqlx::SqlSafeStr,
        streams: &[&StreamId],
    ) -> Result<(), sqlx::Error> {
        let aggregates: Vec<_> = streams.iter().map(|stream| stream.aggregate()).collect();
        let ids: Vec<_> = streams.iter().map(|stream| stream.id()).collect();
        let rows = sqlx::query(sql).bind(aggregates).bind(ids).fetch_all(db).await?;
        for row in rows {
            let (at, no, table): (i64, i64, Oid) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            if table != self.table {
                *self = Self { table, ..Self::default() };
            }
            let stream = usize::try_from(at - 1).ok().and_then(|index| streams.get(index));
            if let Some(stream) = stream {
                self.known.set(stream, no);
            }
        }
        Ok(())
    }
}
