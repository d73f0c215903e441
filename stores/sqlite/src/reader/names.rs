//! `Names`: the streams and kinds of events behind the numbers in the rows.

use es_core::{RecentlyUsed, StreamId};
use rusqlite::{Connection, OptionalExtension, Row, StatementStatus};

use crate::place::Failure;

/// Remembers which stream and which kind has which number: once committed, they never change, unless a backup is put into the file.
#[derive(Debug)]
pub(crate) struct Names {
    streams: RecentlyUsed<i64, StreamId>,
    /// By number: SQLite counts them from 1.
    kinds: Vec<Option<Kind>>,
}

/// What an event is.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) aggregate: String,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) format: String,
}

const STREAMS: usize = 8 * 1024;
/// More kinds than any program has types of events.
const KINDS: usize = 1 << 20;

impl Names {
    pub(crate) fn new() -> Self {
        Self { streams: RecentlyUsed::new(STREAMS), kinds: Vec::new() }
    }

    /// Forgets everything if the file may have been restored from a backup since the query of this row, its first one, was run before.
    ///
    /// A restore changes the schema, and so does little else. SQLite has then prepared the query anew, and has counted that.
    pub(crate) fn check(&mut self, first: &Row<'_>) {
        let query = first.as_ref();
        let is_new = query.get_status(StatementStatus::Run) <= 1;
        if is_new || query.reset_status(StatementStatus::RePrepare) > 0 {
            *self = Self::new();
        }
    }

    /// The stream with a number; `position` is that of the event that has it, if it is one that has it.
    pub(crate) fn stream(&mut self, db: &Connection, no: i64, position: Option<u64>) -> Result<StreamId, Failure> {
        if let Some(stream) = self.streams.get(&no) {
            return Ok(stream);
        }
        let damaged = |what| Failure::Damaged { position, what };
        let mut query = db.prepare_cached("SELECT aggregate, id FROM streams WHERE no = ?1")?;
        let row = query.query_row([no], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let Some((aggregate, id)) = row.optional()? else {
            return Err(damaged(format!("there is no stream with the number {no}")));
        };
        let stream = StreamId::new(&aggregate, &id)
            .map_err(|error| damaged(format!("the stream with the number {no}: {error}")))?;
        self.streams.set(&no, stream.clone());
        Ok(stream)
    }

    /// The kind with a number; `position` is that of the event that has it.
    pub(crate) fn kind(&mut self, db: &Connection, no: i64, position: u64) -> Result<&Kind, Failure> {
        let damaged = || {
            let what = format!("there is no kind of event with the number {no}, or it is damaged itself");
            Failure::Damaged { position: Some(position), what }
        };
        let index = usize::try_from(no).ok().filter(|index| *index < KINDS).ok_or_else(damaged)?;
        if self.kinds.get(index).is_none_or(Option::is_none) {
            let kind = load_kind(db, no)?.ok_or_else(damaged)?;
            if index >= self.kinds.len() {
                self.kinds.resize_with(index + 1, || None);
            }
            self.kinds[index] = Some(kind);
        }
        self.kinds[index].as_ref().ok_or_else(damaged)
    }
}

/// Reads a kind; `None` where there is none, or it is not as it should be.
fn load_kind(db: &Connection, no: i64) -> Result<Option<Kind>, Failure> {
    let mut query = db.prepare_cached("SELECT aggregate, name, version, format FROM kinds WHERE no = ?1")?;
    let kind = query.query_row([no], |row| {
        let version = u32::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
        Ok(Kind { aggregate: row.get(0)?, name: row.get(1)?, version, format: row.get(3)? })
    });
    Ok(kind.optional()?.filter(|kind| kind.version > 0))
}
