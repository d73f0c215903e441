//! `Heads`: what the writer knows of the end of each stream, so that it need not look.

use std::collections::HashMap;

use es_core::{RecentlyUsed, StreamId, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::ids::Ids;
use crate::open::check_schema;
use crate::place::Failure;
use crate::reader::{last_event, stream_no};

/// The ends of streams, the numbers of kinds and the ids of events, as they are in the transaction that is open.
///
/// Only right while nobody else writes: [`refresh`](Self::refresh) forgets them when somebody has. They are
/// to be [forgotten](Self::forget) too when a transaction is rolled back.
#[derive(Debug)]
pub(super) struct Heads {
    streams: RecentlyUsed<StreamId, StreamHead>,
    kinds: HashMap<String, Vec<Kind>>,
    last_position: Option<u64>,
    ids: Option<Ids>,
    data_version: Option<i64>,
}

/// The end of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamHead {
    /// Its number; `None` while it has no row.
    pub(super) no: Option<i64>,
    /// The version of its last event; 0 where there is none.
    pub(super) version: u64,
    /// When its last event was recorded; the earliest time where there is none.
    pub(super) recorded_at: Timestamp,
}

#[derive(Debug)]
struct Kind {
    name: String,
    version: u32,
    format: String,
    no: i64,
}

/// Streams that are remembered for certain, and half of those that are at most.
const STREAMS: usize = 16 * 1024;

impl Heads {
    pub(super) fn new() -> Self {
        Self {
            streams: RecentlyUsed::new(STREAMS),
            kinds: HashMap::new(),
            last_position: None,
            ids: None,
            data_version: None,
        }
    }

    /// Forgets everything if another connection has written; gives whether it has. To be called within the transaction.
    /// An error where it has migrated the file.
    pub(super) fn refresh(&mut self, db: &Connection) -> Result<bool, Failure> {
        let now = db.prepare_cached("PRAGMA data_version")?.query_row((), |row| row.get(0))?;
        let changed = self.data_version != Some(now);
        if changed {
            check_schema(db)?;
            self.forget();
            self.data_version = Some(now);
        }
        Ok(changed)
    }

    pub(super) fn forget(&mut self) {
        self.streams.clear();
        self.kinds.clear();
        self.last_position = None;
        self.ids = None;
    }

    /// The position of the last event; 0 where there is none.
    pub(super) fn last_position(&mut self, db: &Connection) -> Result<u64, Failure> {
        if let Some(last) = self.last_position {
            return Ok(last);
        }
        let last = crate::reader::head(db)?;
        self.last_position = Some(last);
        Ok(last)
    }

    /// The position of the last event, if that is known.
    pub(super) fn known_position(&self) -> Option<u64> {
        self.last_position
    }

    /// Takes note of the position of the last event that was written, all of whose ids have been noted.
    pub(super) fn set_last_position(&mut self, db: &Connection, position: u64) -> Result<(), Failure> {
        self.ids(db)?.enter(db, position)?;
        self.last_position = Some(position);
        Ok(())
    }

    /// The ids of all events.
    pub(super) fn ids(&mut self, db: &Connection) -> Result<&mut Ids, Failure> {
        let last = self.last_position(db)?;
        match &mut self.ids {
            Some(ids) => Ok(ids),
            none => Ok(none.insert(Ids::load(db, last)?)),
        }
    }

    pub(super) fn stream(&mut self, db: &Connection, stream: &StreamId) -> Result<StreamHead, Failure> {
        if let Some(head) = self.streams.get(stream) {
            return Ok(head);
        }
        let no = stream_no(db, stream)?;
        let last = match no {
            Some(no) => last_event(db, no)?,
            None => None,
        };
        let head = StreamHead {
            no,
            version: last.as_ref().map_or(0, |last| last.version),
            recorded_at: last.map_or(Timestamp::MIN, |last| last.recorded_at),
        };
        self.streams.set(stream, head);
        Ok(head)
    }

    pub(super) fn set_stream(&mut self, stream: &StreamId, head: StreamHead) {
        self.streams.set(stream, head);
    }

    /// The number of a stream with this end, which gets a row if it has none.
    pub(super) fn stream_no(&mut self, db: &Connection, stream: &StreamId, head: StreamHead) -> Result<i64, Failure> {
        if let Some(no) = head.no {
            return Ok(no);
        }
        let mut insert = db.prepare_cached("INSERT INTO streams (aggregate, id) VALUES (?1, ?2)")?;
        let no = insert.insert((stream.aggregate(), stream.id()))?;
        self.set_stream(stream, StreamHead { no: Some(no), ..head });
        Ok(no)
    }

    /// The number of an event's kind, which gets a row if it has none.
    pub(super) fn kind(
        &mut self,
        db: &Connection,
        aggregate: &str,
        name: &str,
        version: u32,
        format: &str,
    ) -> Result<i64, Failure> {
        let same = |kind: &&Kind| kind.name == name && kind.version == version && kind.format == format;
        let known = self.kinds.get(aggregate).and_then(|kinds| kinds.iter().find(same));
        if let Some(kind) = known {
            return Ok(kind.no);
        }
        let key = (aggregate, name, version, format);
        let sql = "SELECT no FROM kinds WHERE aggregate = ?1 AND name = ?2 AND version = ?3 AND format = ?4";
        let known = db.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
        let no = known.map_or_else(
            || {
                let sql = "INSERT INTO kinds (aggregate, name, version, format) VALUES (?1, ?2, ?3, ?4)";
                db.prepare_cached(sql)?.insert(key)
            },
            Ok,
        )?;
        let kind = Kind { name: name.to_owned(), version, format: format.to_owned(), no };
        self.kinds.entry(aggregate.to_owned()).or_default().push(kind);
        Ok(no)
    }
}
