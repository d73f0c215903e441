//! `Names`: the streams and kinds of events behind the numbers in the rows.

use std::collections::HashMap;

use es_core::StreamId;
use rusqlite::{Connection, OptionalExtension};

use crate::cache::Cache;
use crate::place::Failure;

/// Remembers which stream and which kind has which number: once committed, they never change.
#[derive(Debug)]
pub(crate) struct Names {
    streams: Cache<i64, StreamId>,
    kinds: HashMap<i64, Kind>,
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

impl Names {
    pub(crate) fn new() -> Self {
        Self { streams: Cache::new(STREAMS), kinds: HashMap::new() }
    }

    /// The stream with a number; `position` is that of the event that has it.
    pub(crate) fn stream(&mut self, db: &Connection, no: i64, position: u64) -> Result<StreamId, Failure> {
        if let Some(stream) = self.streams.get_mut(&no) {
            return Ok(stream.clone());
        }
        let damaged = |what| Failure::Damaged { position: Some(position), what };
        let mut query = db.prepare_cached("SELECT aggregate, id FROM streams WHERE no = ?1")?;
        let row = query.query_row([no], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let Some((aggregate, id)) = row.optional()? else {
            return Err(damaged(format!("there is no stream with the number {no}")));
        };
        let stream = StreamId::new(&aggregate, &id)
            .map_err(|error| damaged(format!("the stream with the number {no}: {error}")))?;
        self.streams.insert(no, stream.clone());
        Ok(stream)
    }

    /// The kind with a number; `position` is that of the event that has it.
    pub(crate) fn kind(&mut self, db: &Connection, no: i64, position: u64) -> Result<&Kind, Failure> {
        if !self.kinds.contains_key(&no) {
            self.load_kinds(db)?;
        }
        self.kinds.get(&no).ok_or_else(|| {
            let what = format!("there is no kind of event with the number {no}, or it is damaged itself");
            Failure::Damaged { position: Some(position), what }
        })
    }

    /// Reads all kinds: there are as many as a program has types of events.
    fn load_kinds(&mut self, db: &Connection) -> Result<(), Failure> {
        let mut query = db.prepare_cached("SELECT no, aggregate, name, version, format FROM kinds")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            // One that is not as it should be is missing, and an error only for the events of that kind.
            let Ok(version) = u32::try_from(row.get::<_, i64>(3)?) else { continue };
            let kind = Kind { aggregate: row.get(1)?, name: row.get(2)?, version, format: row.get(4)? };
            if version > 0 {
                self.kinds.insert(row.get(0)?, kind);
            }
        }
        Ok(())
    }
}
