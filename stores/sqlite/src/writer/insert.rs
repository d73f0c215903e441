//! The row of an event.

use std::sync::LazyLock;

use es_core::{Codec, EventId, Json, Metadata, Payload, Timestamp};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};

use crate::place::Failure;

/// The statements that write events, made once for a transaction.
///
/// Where many events are written, most of the work is to find the places in the indexes for the first of them: the next ones of the
/// same statement stand beside it.
pub(super) struct EventInsert<'a> {
    db: &'a Connection,
    one: Statement<'a>,
    /// Made when there are so many.
    many: Option<Statement<'a>>,
}

struct Statement<'a> {
    prepared: CachedStatement<'a>,
    /// How many events it is for.
    rows: usize,
    /// How many of them are bound.
    bound: usize,
    /// Whether the last event in each place had metadata, which stays bound until something else is.
    has_metadata: [bool; MANY],
}

/// How many events the statement for many is for.
const MANY: usize = 16;
/// How many values an event has.
const COLUMNS: usize = 12;

/// The place of an event in the journal.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) position: u64,
    pub(super) stream: i64,
    pub(super) version: u64,
    pub(super) recorded_at: Timestamp,
}

/// Some of the events of a statement may be written when one is refused: whoever gets the error rolls back, and to be prepared for
/// undoing just the one statement costs as much as some of its rows.
fn sql(rows: usize) -> String {
    let mut sql = "INSERT OR FAIL INTO events (position, stream, version, kind, recorded_at, id, payload, \
                   actor, command_id, correlation_id, causation_id, extra) VALUES "
        .to_owned();
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        sql.push_str("?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    }
    sql
}

static ONE: LazyLock<String> = LazyLock::new(|| sql(1));
static SOME: LazyLock<String> = LazyLock::new(|| sql(MANY));

impl<'a> EventInsert<'a> {
    pub(super) fn new(db: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self { db, one: Statement::new(db, &ONE, 1)?, many: None })
    }

    /// Writes an event, or keeps it to be written with the next ones, which `left` says are to come: it counts this
    /// one and those after it in the same append.
    pub(super) fn run(
        &mut self,
        row: Row,
        kind: i64,
        id: EventId,
        payload: Payload<'_>,
        metadata: &Metadata,
        left: usize,
    ) -> Result<(), Failure> {
        let statement = match &mut self.many {
            Some(many) if many.bound > 0 || left >= MANY => many,
            none @ None if left >= MANY => none.insert(Statement::new(self.db, &SOME, MANY)?),
            _ => &mut self.one,
        };
        statement.bind(row, kind, id, payload, metadata)
    }
}

impl<'a> Statement<'a> {
    fn new(db: &'a Connection, sql: &str, rows: usize) -> rusqlite::Result<Self> {
        Ok(Self { prepared: db.prepare_cached(sql)?, rows, bound: 0, has_metadata: [false; MANY] })
    }

    /// Binds the next event, and writes them all when it is the last one.
    fn bind(
        &mut self,
        row: Row,
        kind: i64,
        id: EventId,
        payload: Payload<'_>,
        metadata: &Metadata,
    ) -> Result<(), Failure> {
        let Row { position, stream, version, recorded_at } = row;
        let first = self.bound * COLUMNS + 1;
        let statement = &mut self.prepared;
        statement.raw_bind_parameter(first, number(position, "position")?)?;
        statement.raw_bind_parameter(first + 1, stream)?;
        statement.raw_bind_parameter(first + 2, number(version, "version")?)?;
        statement.raw_bind_parameter(first + 3, kind)?;
        statement.raw_bind_parameter(first + 4, recorded_at.as_micros())?;
        statement.raw_bind_parameter(first + 5, id.as_bytes().as_slice())?;
        statement.raw_bind_parameter(first + 6, as_value(payload))?;
        let has_metadata = !metadata.is_empty();
        if has_metadata || self.has_metadata[self.bound] {
            self.bind_metadata(first + 7, metadata)?;
            self.has_metadata[self.bound] = has_metadata;
        }
        self.bound += 1;
        if self.bound == self.rows {
            self.bound = 0;
            self.prepared.raw_execute()?;
        }
        Ok(())
    }

    fn bind_metadata(&mut self, first: usize, metadata: &Metadata) -> Result<(), Failure> {
        let Metadata { actor, command_id, correlation_id, causation_id, extra } = metadata;
        let extra = if extra.is_empty() {
            None
        } else {
            Some(serde_json::to_string(extra).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?)
        };
        let statement = &mut self.prepared;
        statement.raw_bind_parameter(first, actor)?;
        statement.raw_bind_parameter(first + 1, command_id.as_ref().map(|id| id.as_bytes().as_slice()))?;
        statement.raw_bind_parameter(first + 2, correlation_id.as_ref().map(|id| id.as_bytes().as_slice()))?;
        statement.raw_bind_parameter(first + 3, causation_id.as_ref().map(|id| id.as_bytes().as_slice()))?;
        statement.raw_bind_parameter(first + 4, extra)?;
        Ok(())
    }
}

/// A number as SQLite has it.
fn number(number: u64, what: &str) -> Result<i64, Failure> {
    i64::try_from(number)
        .map_err(|_| Failure::Damaged { position: None, what: format!("there is no {what} after {}", i64::MAX) })
}

/// A text where the payload is JSON, for people; the bytes as they are otherwise. What is called JSON
/// and is not even a text that can be shown is kept as well.
fn as_value(payload: Payload<'_>) -> ToSqlOutput<'_> {
    let bytes = payload.bytes;
    let text = payload.format == Json::FORMAT && std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0);
    ToSqlOutput::Borrowed(if text { ValueRef::Text(bytes) } else { ValueRef::Blob(bytes) })
}
