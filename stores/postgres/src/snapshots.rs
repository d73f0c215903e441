//! Snapshots: reading, writing and deleting them.

use std::ops::RangeInclusive;

use es_core::{EventId, JournalError, PageSize, Snapshot, StreamId};
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{PgConnection, Row};

use crate::connections::Lent;
use crate::place::Place;
use crate::reader::{Reader, Trouble, as_integer, as_time, on_connection};
use crate::schema::Schema;

/// A query about a stream.
fn of<'a>(schema: &Schema, sql: &str, stream: &'a StreamId) -> Query<'a, Postgres, PgArguments> {
    sqlx::query(schema.sql(sql)).bind(stream.aggregate()).bind(stream.id())
}

async fn run(db: &mut PgConnection, query: Query<'_, Postgres, PgArguments>) -> Result<(), Trouble> {
    query.execute(db).await?;
    Ok(())
}

async fn one(db: &mut PgConnection, query: Query<'_, Postgres, PgArguments>) -> Result<Option<PgRow>, Trouble> {
    Ok(query.fetch_optional(db).await?)
}

impl Reader {
    /// See [`SnapshotStore::load_snapshot`](es_core::SnapshotStore::load_snapshot).
    pub(crate) async fn load_snapshot(
        &self,
        stream: &StreamId,
        up_to: u64,
        format: &str,
    ) -> Result<Option<Snapshot>, JournalError> {
        let row = on_connection!(self, "load a snapshot", |lent| one(
            &mut lent.db,
            of(self.schema(), include_str!("snapshots/load.sql"), stream).bind(as_integer(up_to)).bind(format)
        ))?;
        row.map(|row| snapshot(self.place(), stream, format, &row)).transpose()
    }

    /// See [`ListSnapshots::list_snapshots`](es_core::ListSnapshots::list_snapshots).
    pub(crate) async fn list_snapshots(
        &self,
        after: Option<(&StreamId, u64)>,
        size: PageSize,
    ) -> Result<Vec<Snapshot>, JournalError> {
        on_connection!(self, "list the snapshots", |lent| self.list(lent, after, size))
    }

    async fn list(
        &self,
        lent: &mut Lent<'_>,
        after: Option<(&StreamId, u64)>,
        size: PageSize,
    ) -> Result<Vec<Snapshot>, Trouble> {
        let sql = self.schema().sql(include_str!("snapshots/list.sql"));
        let query = sqlx::query(sql)
            .bind(after.map(|(stream, _)| stream.aggregate()))
            .bind(after.map(|(stream, _)| stream.id()))
            .bind(after.map(|(_, version)| as_integer(version)))
            .bind(as_integer(size.events as u64))
            .bind(as_integer(size.bytes as u64));
        let rows = query.fetch_all(&mut lent.db).await?;
        let mut snapshots = Vec::with_capacity(rows.len());
        for row in rows {
            let (aggregate, id): (Option<&str>, Option<&str>) = (row.try_get(4)?, row.try_get(5)?);
            let (Some(aggregate), Some(id)) = (aggregate, id) else {
                return Err(self.place().damaged(None, "the stream of a snapshot is missing").into());
            };
            let stream = StreamId::new(aggregate, id)
                .map_err(|error| self.place().damaged(None, format!("the stream of a snapshot: {error}")))?;
            snapshots.push(snapshot(self.place(), &stream, row.try_get(6)?, &row)?);
        }
        Ok(snapshots)
    }

    /// See [`SnapshotStore::save_snapshot`](es_core::SnapshotStore::save_snapshot).
    pub(crate) async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), JournalError> {
        let version = i64::try_from(snapshot.version)
            .map_err(|error| self.place().error("save a snapshot", sqlx::Error::Encode(error.into())))?;
        on_connection!(self, "save a snapshot", |lent| run(
            &mut lent.db,
            of(self.schema(), include_str!("snapshots/save.sql"), &snapshot.stream)
                .bind(version)
                .bind(snapshot.event_id.as_uuid())
                .bind(&snapshot.format)
                .bind(snapshot.taken_at.as_micros())
                .bind(&snapshot.payload)
        ))
    }

    /// See [`SnapshotStore::keep_snapshots`](es_core::SnapshotStore::keep_snapshots).
    pub(crate) async fn keep_snapshots(&self, stream: &StreamId, keep: u32) -> Result<(), JournalError> {
        on_connection!(self, "delete snapshots", |lent| run(
            &mut lent.db,
            of(self.schema(), include_str!("snapshots/keep.sql"), stream).bind(i64::from(keep))
        ))
    }

    /// See [`SnapshotStore::delete_snapshots`](es_core::SnapshotStore::delete_snapshots).
    pub(crate) async fn delete_snapshots(
        &self,
        stream: &StreamId,
        versions: &RangeInclusive<u64>,
    ) -> Result<(), JournalError> {
        on_connection!(self, "delete snapshots", |lent| run(
            &mut lent.db,
            of(self.schema(), include_str!("snapshots/delete.sql"), stream)
                .bind(as_integer(*versions.start()))
                .bind(as_integer(*versions.end()))
        ))
    }
}

fn snapshot(place: &Place, stream: &StreamId, format: &str, row: &PgRow) -> Result<Snapshot, JournalError> {
    let failed = |error| place.error("load a snapshot", error);
    let version: i64 = row.try_get(0).map_err(failed)?;
    let version = u64::try_from(version)
        .map_err(|_| place.damaged(None, format!("a snapshot of `{stream}` has version {version}")))?;
    let taken_at = as_time(row.try_get(2).map_err(failed)?).ok_or_else(|| {
        place.damaged(None, format!("the time of a snapshot of `{stream}` is outside of all calendars"))
    })?;
    Ok(Snapshot {
        stream: stream.clone(),
        version,
        event_id: EventId::from_uuid(row.try_get(1).map_err(failed)?),
        format: format.to_owned(),
        taken_at,
        payload: row.try_get(3).map_err(failed)?,
    })
}
