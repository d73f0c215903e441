//! The numbers of streams that were written before.

use std::sync::{Mutex, MutexGuard, PoisonError};

use es_core::{RecentlyUsed, StreamId};
use sqlx::{PgConnection, Row};

/// How many streams are remembered, at least.
const STREAMS: usize = 16 * 1024;

/// Which number each stream has; the tasks that write share it.
///
/// After a restore they may be those of other streams, so a statement that uses one checks whose it is.
#[derive(Debug)]
pub(super) struct StreamNumbers(Mutex<RecentlyUsed<StreamId, i64>>);

impl Default for StreamNumbers {
    fn default() -> Self {
        Self(Mutex::new(RecentlyUsed::new(STREAMS)))
    }
}

impl StreamNumbers {
    fn known(&self) -> MutexGuard<'_, RecentlyUsed<StreamId, i64>> {
        // Whatever is in it is checked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, stream: &StreamId) -> Option<i64> {
        self.known().get(stream)
    }

    pub(super) fn set(&self, stream: &StreamId, no: i64) {
        self.known().set(stream, no);
    }

    /// Forgets the number of a stream: it may be that of another one.
    pub(super) fn forget(&self, stream: &StreamId) {
        self.known().remove(stream);
    }

    /// Finds the numbers of streams, of those that are there.
    pub(super) async fn find(
        &self,
        db: &mut PgConnection,
        sql: impl sqlx::SqlSafeStr,
        streams: &[&StreamId],
    ) -> Result<(), sqlx::Error> {
        let aggregates: Vec<_> = streams.iter().map(|stream| stream.aggregate()).collect();
        let ids: Vec<_> = streams.iter().map(|stream| stream.id()).collect();
        let rows = sqlx::query(sql).bind(aggregates).bind(ids).fetch_all(db).await?;
        for row in rows {
            let (at, no): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let stream = usize::try_from(at - 1).ok().and_then(|index| streams.get(index));
            if let Some(stream) = stream {
                self.set(stream, no);
            }
        }
        Ok(())
    }
}
