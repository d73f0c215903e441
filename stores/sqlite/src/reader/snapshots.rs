//! Queries about snapshots.

use es_core::{EventId, PageSize, Snapshot, StreamId};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use super::Reader;
use super::events::{as_integer, stream_no};
use super::row::{as_id, as_time};
use crate::place::Failure;

/// A row of the table `snapshots`.
struct SnapshotRow {
    version: i64,
    event_id: Vec<u8>,
    taken_at: i64,
    format: String,
    payload: Vec<u8>,
}

impl SnapshotRow {
    fn new(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            version: row.get(0)?,
            event_id: row.get(1)?,
            taken_at: row.get(2)?,
            format: row.get(3)?,
            payload: row.get(4)?,
        })
    }

    fn snapshot(self, stream: &StreamId) -> Result<Snapshot, Failure> {
        let Self { version, event_id, taken_at, format, payload } = self;
        let damaged = |what| {
            let what = format!("the snapshot of `{stream}` at version {version}: {what}");
            Failure::Damaged { position: None, what }
        };
        Ok(Snapshot {
            stream: stream.clone(),
            version: u64::try_from(version).map_err(|_| damaged("its version is below 0"))?,
            event_id: as_id(&event_id)
                .map(EventId::from_uuid)
                .ok_or_else(|| damaged("the id of its event is not a UUID of 16 bytes"))?,
            format,
            taken_at: as_time(taken_at).ok_or_else(|| damaged("its time is outside of all calendars"))?,
            payload,
        })
    }
}

/// What there is of a snapshot.
pub(crate) enum Loaded {
    /// It, or none.
    Snapshot(Option<Snapshot>),
    /// One that is larger than it may be.
    TooLarge,
}

/// See [`SnapshotStore::load_snapshot`](es_core::SnapshotStore::load_snapshot). A payload of more than `most` bytes is not read.
pub(crate) fn load_snapshot(
    db: &Connection,
    stream: &StreamId,
    up_to: u64,
    format: &str,
    most: u64,
) -> Result<Loaded, Failure> {
    let Some(no) = stream_no(db, stream)? else { return Ok(Loaded::Snapshot(None)) };
    let sql = "SELECT version, event_id, taken_at, format, CASE WHEN length(payload) <= ?4 THEN payload END \
               FROM snapshots WHERE stream = ?1 AND version <= ?2 AND format = ?3 ORDER BY version DESC LIMIT 1";
    let mut query = db.prepare_cached(sql)?;
    let row = query.query_row((no, as_integer(up_to), format, as_integer(most)), |row| {
        if row.get_ref(4)? == ValueRef::Null { Ok(None) } else { SnapshotRow::new(row).map(Some) }
    });
    match row.optional()? {
        None => Ok(Loaded::Snapshot(None)),
        Some(None) => Ok(Loaded::TooLarge),
        Some(Some(row)) => row.snapshot(stream).map(|snapshot| Loaded::Snapshot(Some(snapshot))),
    }
}

/// See [`ListSnapshots::list_snapshots`](es_core::ListSnapshots::list_snapshots).
pub(crate) fn list_snapshots(
    reader: &mut Reader,
    after: Option<(StreamId, u64)>,
    size: PageSize,
) -> Result<Vec<Snapshot>, Failure> {
    let Reader { db, names } = reader;
    let (no, version) = match after {
        Some((stream, version)) => match stream_no(db, &stream)? {
            Some(no) => (no, as_integer(version)),
            None => return Ok(Vec::new()),
        },
        None => (i64::MIN, i64::MIN),
    };
    let sql = "SELECT version, event_id, taken_at, format, payload, stream FROM snapshots \
               WHERE (stream, version) > (?1, ?2) ORDER BY stream, version";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query((no, version))?;
    let (mut snapshots, mut bytes) = (Vec::new(), 0);
    while snapshots.len() < size.events
        && let Some(row) = rows.next()?
    {
        if snapshots.is_empty() {
            names.check(row);
        }
        let stream = names.stream(db, row.get(5)?, None)?;
        let snapshot = SnapshotRow::new(row)?.snapshot(&stream)?;
        bytes += snapshot.payload.len();
        if bytes > size.bytes && !snapshots.is_empty() {
            break;
        }
        snapshots.push(snapshot);
    }
    Ok(snapshots)
}
