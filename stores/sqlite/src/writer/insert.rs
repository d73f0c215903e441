//! The row of an event.

use es_core::{Codec, Json, Metadata, NewEvent, Timestamp};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};

use crate::place::Failure;

/// The statement that writes an event, made once for a transaction.
pub(super) struct EventInsert<'a> {
    statement: CachedStatement<'a>,
}

const SQL: &str = "INSERT INTO events (position, stream, version, kind, recorded_at, id, payload, \
                   actor, command_id, correlation_id, causation_id, extra) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

impl<'a> EventInsert<'a> {
    pub(super) fn new(db: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self { statement: db.prepare_cached(SQL)? })
    }

    pub(super) fn run(
        &mut self,
        position: u64,
        stream: i64,
        version: u64,
        kind: i64,
        recorded_at: Timestamp,
        event: &NewEvent,
    ) -> Result<(), Failure> {
        let number = |number: u64, what: &str| {
            i64::try_from(number).map_err(|_| Failure::Damaged {
                position: None,
                what: format!("there is no {what} after {}", i64::MAX),
            })
        };
        let Metadata { actor, command_id, correlation_id, causation_id, extra } = &*event.metadata;
        let extra = if extra.is_empty() {
            None
        } else {
            Some(serde_json::to_string(extra).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?)
        };
        self.statement.execute(rusqlite::params![
            number(position, "position")?,
            stream,
            number(version, "version")?,
            kind,
            recorded_at.as_micros(),
            event.id.as_bytes().as_slice(),
            payload(event),
            actor,
            command_id.as_ref().map(|id| id.as_bytes().as_slice()),
            correlation_id.as_ref().map(|id| id.as_bytes().as_slice()),
            causation_id.as_ref().map(|id| id.as_bytes().as_slice()),
            extra,
        ])?;
        Ok(())
    }
}

/// A text where the payload is JSON, for people; the bytes as they are otherwise. What is called JSON
/// and is not even a text that can be shown is kept as well.
fn payload(event: &NewEvent) -> ToSqlOutput<'_> {
    let bytes = &event.payload[..];
    let text = event.format == Json::FORMAT && std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0);
    ToSqlOutput::Borrowed(if text { ValueRef::Text(bytes) } else { ValueRef::Blob(bytes) })
}
