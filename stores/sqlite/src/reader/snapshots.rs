//! Queries about snapshots.

use es_core::{EventId, Snapshot, StreamId};
use rusqlite::{Connection, OptionalExtension};

use super::events::{as_integer, stream_no};
use super::row::{as_id, as_time};
use crate::place::Failure;

/// See [`SnapshotStore::load_snapshot`](es_core::SnapshotStore::load_snapshot).
pub(crate) fn load_snapshot(
    db: &Connection,
    stream: &StreamId,
    up_to: u64,
    format: &str,
) -> Result<Option<Snapshot>, Failure> {
    let Some(no) = stream_no(db, stream)? else { return Ok(None) };
    let sql = "SELECT version, event_id, taken_at, payload FROM snapshots \
               WHERE stream = ?1 AND version <= ?2 AND format = ?3 ORDER BY version DESC LIMIT 1";
    let mut query = db.prepare_cached(sql)?;
    let row = query.query_row((no, as_integer(up_to), format), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get(2)?, row.get(3)?))
    });
    let Some((version, event_id, taken_at, payload)) = row.optional()? else { return Ok(None) };
    let damaged = |what| {
        let what = format!("the snapshot of `{stream}` at version {version}: {what}");
        Failure::Damaged { position: None, what }
    };
    Ok(Some(Snapshot {
        stream: stream.clone(),
        version: u64::try_from(version).map_err(|_| damaged("its version is below 0"))?,
        event_id: as_id(&event_id)
            .map(EventId::from_uuid)
            .ok_or_else(|| damaged("the id of its event is not a UUID of 16 bytes"))?,
        format: format.to_owned(),
        taken_at: as_time(taken_at).ok_or_else(|| damaged("its time is outside of all calendars"))?,
        payload,
    }))
}
