//! A row of the table `events` as an event.

use std::sync::Arc;

use es_core::{EventId, Page, Payload, Position, RawEvent, StreamId, Timestamp};
use rusqlite::Row;
use rusqlite::types::ValueRef;
use uuid::Uuid;

use super::metadata::{MetadataQuery, NO_METADATA};
use super::names::Kind;
use crate::place::Failure;

/// The columns of a row that make up a state, as [`EventRow`] expects them.
macro_rules! payload_columns {
    ($payload:expr) => {
        concat!("position, kind, version, ", $payload)
    };
}
pub(super) use payload_columns;

/// All columns of a row, as [`EventRow`] expects them. To ask each of five columns for nothing costs more than
/// the rest of the row, so SQLite says at once whether there is anything in them; a query of its own gets it.
macro_rules! columns {
    ($payload:expr) => {
        concat!(
            "position, kind, version, ",
            $payload,
            ", recorded_at, id, coalesce(actor, command_id, correlation_id, causation_id, extra) IS NOT NULL"
        )
    };
}
pub(super) use columns;

/// A payload in these columns: none where it has more bytes than `?4`, so that SQLite does not read it.
macro_rules! small_payload {
    () => {
        "CASE WHEN octet_length(payload) <= ?4 THEN payload END"
    };
}
pub(super) use small_payload;

/// A row of the table `events`, whose position is known to be one.
pub(super) struct EventRow<'a> {
    row: &'a Row<'a>,
    pub(super) position: u64,
}

impl<'a> EventRow<'a> {
    pub(super) fn new(row: &'a Row<'a>) -> Result<Self, Failure> {
        let number: i64 = row.get(0)?;
        match u64::try_from(number) {
            Ok(position) if position > 0 => Ok(Self { row, position }),
            _ => Err(Failure::Damaged { position: None, what: format!("there is an event at position {number}") }),
        }
    }

    fn damaged(&self, what: impl Into<String>) -> Failure {
        Failure::Damaged { position: Some(self.position), what: what.into() }
    }

    fn value(&self, index: usize) -> Result<ValueRef<'a>, Failure> {
        Ok(self.row.get_ref(index)?)
    }

    fn integer(&self, index: usize, what: &str) -> Result<i64, Failure> {
        match self.value(index)? {
            ValueRef::Integer(number) => Ok(number),
            _ => Err(self.damaged(format!("the {what} of an event is not a number"))),
        }
    }

    pub(super) fn kind(&self) -> Result<i64, Failure> {
        self.integer(1, "kind")
    }

    /// The number of its stream, where that was asked for too, after the other columns.
    pub(super) fn stream(&self) -> Result<i64, Failure> {
        self.integer(7, "stream")
    }

    pub(super) fn version(&self) -> Result<u64, Failure> {
        let number = self.integer(2, "version")?;
        match u64::try_from(number) {
            Ok(version) if version > 0 => Ok(version),
            _ => Err(self.damaged(format!("an event has version {number}"))),
        }
    }

    fn recorded_at(&self) -> Result<Timestamp, Failure> {
        as_time(self.integer(4, "time")?)
            .ok_or_else(|| self.damaged("the time of an event is outside of all calendars"))
    }

    fn id(&self) -> Result<EventId, Failure> {
        id(self.value(5)?).ok_or_else(|| no_id(self.position))
    }

    fn payload(&self) -> Result<&'a [u8], Failure> {
        match self.value(3)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(bytes),
            _ => Err(self.damaged("the payload of an event is neither a text nor a blob")),
        }
    }

    /// Whether the payload was not read, as it is no [`small_payload`].
    pub(super) fn is_left_out(&self) -> Result<bool, Failure> {
        Ok(self.value(3)? == ValueRef::Null)
    }

    /// Adds the event to the page; `false` where there is no room for it.
    pub(super) fn push_to(
        &self,
        page: &mut Page,
        kind: &Kind,
        stream: &StreamId,
        version: u64,
        metadata: &mut MetadataQuery<'_>,
    ) -> Result<bool, Failure> {
        let has_metadata = self.integer(6, "metadata")? != 0;
        let metadata = if has_metadata { metadata.of(self.position)? } else { Arc::clone(&NO_METADATA) };
        let event = RawEvent {
            id: self.id()?,
            recorded_at: self.recorded_at()?,
            metadata: &metadata,
            ..self.bare(kind, stream, version)?
        };
        Ok(page.push(event))
    }

    /// Adds what makes up a state to the page; `false` where there is no room for it.
    pub(super) fn push_payload_to(
        &self,
        page: &mut Page,
        kind: &Kind,
        stream: &StreamId,
        version: u64,
    ) -> Result<bool, Failure> {
        Ok(page.push(self.bare(kind, stream, version)?))
    }

    /// The event without id, time and metadata.
    fn bare<'b>(&'b self, kind: &'b Kind, stream: &'b StreamId, version: u64) -> Result<RawEvent<'b>, Failure> {
        Ok(RawEvent {
            id: EventId::from_uuid(Uuid::nil()),
            stream,
            version,
            position: Position::new(self.position),
            recorded_at: Timestamp::MIN,
            name: &kind.name,
            event_version: kind.version,
            payload: Payload { format: &kind.format, bytes: self.payload()? },
            metadata: &NO_METADATA,
        })
    }
}

/// The id of an event, if it is one.
pub(super) fn id(value: ValueRef<'_>) -> Option<EventId> {
    match value {
        ValueRef::Blob(bytes) => as_id(bytes).map(EventId::from_uuid),
        _ => None,
    }
}

/// The failure of an event that has no id.
pub(super) fn no_id(position: u64) -> Failure {
    Failure::Damaged { position: Some(position), what: "the id of an event is not a UUID of 16 bytes".to_owned() }
}

/// The UUID of 16 bytes.
pub(super) fn as_id(bytes: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(bytes).ok()
}

/// The time of microseconds since 1970, if there is one.
pub(crate) fn as_time(micros: i64) -> Option<Timestamp> {
    let time = Timestamp::from_micros(micros);
    (time.as_micros() == micros).then_some(time)
}
