//! Writing and deleting snapshots.

use std::ops::RangeInclusive;

use es_core::{Snapshot, StreamId};

use super::append::Open;
use crate::place::Failure;
use crate::reader::{as_integer, stream_no};

/// A change of the snapshots of a stream.
#[derive(Debug)]
pub(crate) enum SnapshotWrite {
    Save(Snapshot),
    Keep(StreamId, u32),
    Delete(StreamId, RangeInclusive<u64>),
}

impl SnapshotWrite {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Save(snapshot) => snapshot.payload.len(),
            Self::Keep(..) | Self::Delete(..) => 0,
        }
    }
}

impl Open<'_> {
    pub(super) fn write_snapshot(&mut self, write: &SnapshotWrite) -> Result<(), Failure> {
        match write {
            SnapshotWrite::Save(snapshot) => self.save_snapshot(snapshot),
            SnapshotWrite::Keep(stream, keep) => {
                let Some(no) = stream_no(self.db, stream)? else { return Ok(()) };
                let sql = "DELETE FROM snapshots WHERE stream = ?1 AND version NOT IN \
                           (SELECT version FROM snapshots WHERE stream = ?1 ORDER BY version DESC LIMIT ?2)";
                self.db.prepare_cached(sql)?.execute((no, keep))?;
                Ok(())
            }
            SnapshotWrite::Delete(stream, versions) => {
                let Some(no) = stream_no(self.db, stream)? else { return Ok(()) };
                let sql = "DELETE FROM snapshots WHERE stream = ?1 AND version BETWEEN ?2 AND ?3";
                let (first, last) = (as_integer(*versions.start()), as_integer(*versions.end()));
                self.db.prepare_cached(sql)?.execute((no, first, last))?;
                Ok(())
            }
        }
    }

    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), Failure> {
        let version =
            i64::try_from(snapshot.version).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let head = self.heads.stream(self.db, &snapshot.stream)?;
        let no = self.heads.stream_no(self.db, &snapshot.stream, head)?;
        let sql = "INSERT OR REPLACE INTO snapshots (stream, version, event_id, format, taken_at, payload) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.db.prepare_cached(sql)?.execute((
            no,
            version,
            snapshot.event_id.as_bytes().as_slice(),
            &snapshot.format,
            snapshot.taken_at.as_micros(),
            &snapshot.payload,
        ))?;
        Ok(())
    }
}
