//! The row of an event.

use es_core::{Codec, EventId, Json, Metadata, Payload, Timestamp};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};

use crate::place::Failure;

/// The statement that writes an event, made once for a transaction.
pub(super) struct EventInsert<'a> {
    statement: CachedStatement<'a>,
    /// Whether the last event had metadata, which stays bound until something else is.
    has_metadata: bool,
}

/// The place of an event in the journal.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) position: u64,
    pub(super) stream: i64,
    pub(super) version: u64,
    pub(super) recorded_at: Timestamp,
}

const SQL: &str = "INSERT INTO events (position, stream, version, kind, recorded_at, id, payload, \
                   actor, command_id, correlation_id, causation_id, extra) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

impl<'a> EventInsert<'a> {
    pub(super) fn new(db: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self { statement: db.prepare_cached(SQL)?, has_metadata: false })
    }

    pub(super) fn run(
        &mut self,
        row: Row,
        kind: i64,
        id: EventId,
        payload: Payload<'_>,
        metadata: &Metadata,
    ) -> Result<(), Failure> {
        let Row { position, stream, version, recorded_at } = row;
        let statement = &mut self.statement;
        statement.raw_bind_parameter(1, number(position, "position")?)?;
        statement.raw_bind_parameter(2, stream)?;
        statement.raw_bind_parameter(3, number(version, "version")?)?;
        statement.raw_bind_parameter(4, kind)?;
        statement.raw_bind_parameter(5, recorded_at.as_micros())?;
        statement.raw_bind_parameter(6, id.as_bytes().as_slice())?;
        statement.raw_bind_parameter(7, as_value(payload))?;
        let has_metadata = !metadata.is_empty();
        if has_metadata || self.has_metadata {
            self.bind_metadata(metadata)?;
            self.has_metadata = has_metadata;
        }
        self.statement.raw_execute()?;
        Ok(())
    }

    fn bind_metadata(&mut self, metadata: &Metadata) -> Result<(), Failure> {
        let Metadata { actor, command_id, correlation_id, causation_id, extra } = metadata;
        let extra = if extra.is_empty() {
            None
        } else {
            Some(serde_json::to_string(extra).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?)
        };
        let statement = &mut self.statement;
        statement.raw_bind_parameter(8, actor)?;
        statement.raw_bind_parameter(9, command_id.as_ref().map(|id| id.as_bytes().as_slice()))?;
        statement.raw_bind_parameter(10, correlation_id.as_ref().map(|id| id.as_bytes().as_slice()))?;
        statement.raw_bind_parameter(11, causation_id.as_ref().map(|id| id.as_bytes().as_slice()))?;
        statement.raw_bind_parameter(12, extra)?;
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
