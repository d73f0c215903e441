//! A row of the table `events` as an event.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use es_core::{EventId, JournalError, Metadata, Payload, Position, RawEvent, StreamId, Timestamp};
use sqlx::postgres::{PgRow, PgValueRef};
use sqlx::{Row, ValueRef};
use uuid::Uuid;

use super::kinds::Kind;
use crate::place::Place;

pub(super) static NO_METADATA: LazyLock<Arc<Metadata>> = LazyLock::new(Arc::default);

/// A row of the table `events`, with the columns of `page.sql`, in the binary format.
pub(super) struct EventRow {
    row: PgRow,
    pub(super) position: Position,
}

/// What stands after the last event that was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// All events of earlier epochs are known, and can be read: there will be no others.
    pub(crate) bound: i64,
    /// The last of them.
    pub(crate) last: Position,
    /// The epoch of the last event that is committed, whether or not it can be read.
    pub(crate) newest: i64,
}

impl End {
    /// Whether there are events that cannot be read yet: a transaction that began before theirs has not ended.
    pub(crate) fn holds_back(&self) -> bool {
        self.newest >= self.bound
    }
}

pub(super) enum Line {
    Event(EventRow),
    End(End),
}

impl Line {
    pub(super) fn new(row: PgRow, place: &Place) -> Result<Self, JournalError> {
        let epoch = integer(&row, 0);
        let number = integer(&row, 1);
        let Some(epoch) = epoch else {
            let last = Position {
                epoch: integer(&row, 4).and_then(|epoch| u64::try_from(epoch).ok()).unwrap_or(0),
                number: number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0),
            };
            let bound = integer(&row, 2).ok_or_else(|| place.damaged(None, "it has lost its generation"))?;
            return Ok(Self::End(End { bound, last, newest: integer(&row, 3).unwrap_or(0) }));
        };
        match (u64::try_from(epoch), number.map(u64::try_from)) {
            (Ok(epoch @ 1..), Some(Ok(number @ 1..))) => {
                Ok(Self::Event(EventRow { row, position: Position { epoch, number } }))
            }
            _ => Err(place.damaged(None, format!("an event has position {epoch}.{}", number.unwrap_or(0)))),
        }
    }
}

impl EventRow {
    fn damaged(&self, place: &Place, what: impl Into<String>) -> JournalError {
        place.damaged(Some(self.position), what)
    }

    fn value(&self, index: usize) -> Option<PgValueRef<'_>> {
        self.row.try_get_raw(index).ok().filter(|value| !value.is_null())
    }

    fn bytes(&self, index: usize) -> Option<&[u8]> {
        bytes(&self.row, index)
    }

    pub(super) fn stream(&self) -> i64 {
        integer(&self.row, 2).unwrap_or(0)
    }

    pub(super) fn kind(&self) -> i32 {
        self.bytes(6).and_then(|bytes| bytes.try_into().ok()).map_or(0, i32::from_be_bytes)
    }

    pub(super) fn version(&self, place: &Place) -> Result<u64, JournalError> {
        let number = integer(&self.row, 3).unwrap_or(0);
        match u64::try_from(number) {
            Ok(version) if version > 0 => Ok(version),
            _ => Err(self.damaged(place, format!("an event has version {number}"))),
        }
    }

    fn recorded_at(&self, place: &Place) -> Result<Timestamp, JournalError> {
        integer(&self.row, 4)
            .and_then(as_time)
            .ok_or_else(|| self.damaged(place, "the time of an event is outside of all calendars"))
    }

    fn uuid(&self, index: usize) -> Option<Uuid> {
        self.bytes(index).and_then(|bytes| Uuid::from_slice(bytes).ok())
    }

    fn text(&self, index: usize) -> Option<&str> {
        self.bytes(index).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    fn metadata(&self, place: &Place) -> Result<Arc<Metadata>, JournalError> {
        if (9..=13).all(|index| self.value(index).is_none()) {
            return Ok(Arc::clone(&NO_METADATA));
        }
        let (mut actor, mut extra) = (self.text(9).map(str::to_owned), BTreeMap::new());
        if let Some(json) = self.text(13) {
            let read = if json.trim_start().starts_with('[') {
                serde_json::from_str(json).map(|(hidden, texts)| (actor, extra) = (hidden, texts))
            } else {
                serde_json::from_str(json).map(|texts| extra = texts)
            };
            read.map_err(|error| {
                self.damaged(place, format!("the metadata of an event is not a JSON object of texts: {error}"))
            })?;
        }
        Ok(Arc::new(Metadata {
            actor,
            command_id: self.uuid(10).map(Into::into),
            correlation_id: self.uuid(11).map(Into::into),
            causation_id: self.uuid(12).map(Into::into),
            extra,
        }))
    }

    fn payload(&self) -> Option<&[u8]> {
        self.bytes(7).or_else(|| self.bytes(8))
    }

    pub(super) fn payload_len(&self) -> usize {
        self.payload().map_or(0, <[u8]>::len)
    }

    /// Gives the event to `take`.
    pub(super) fn event<T>(
        &self,
        place: &Place,
        kind: &Kind,
        stream: &StreamId,
        take: impl FnOnce(RawEvent<'_>) -> T,
    ) -> Result<T, JournalError> {
        let bytes = self.payload().ok_or_else(|| self.damaged(place, "an event has lost its payload"))?;
        let id = self.uuid(5).ok_or_else(|| self.damaged(place, "an event has lost its id"))?;
        Ok(take(RawEvent {
            id: EventId::from_uuid(id),
            stream,
            version: self.version(place)?,
            position: self.position,
            recorded_at: self.recorded_at(place)?,
            name: &kind.name,
            event_version: kind.version,
            payload: Payload { format: &kind.format, bytes },
            metadata: &self.metadata(place)?,
        }))
    }
}

/// A value in the binary format; `None` where there is none.
pub(super) fn bytes(row: &PgRow, index: usize) -> Option<&[u8]> {
    let value = row.try_get_raw(index).ok()?;
    // `null` is an error here.
    value.as_bytes().ok()
}

pub(super) fn integer(row: &PgRow, index: usize) -> Option<i64> {
    bytes(row, index)?.try_into().ok().map(i64::from_be_bytes)
}

/// The time of microseconds since 1970, if there is one.
pub(crate) fn as_time(micros: i64) -> Option<Timestamp> {
    let time = Timestamp::from_micros(micros);
    (time.as_micros() == micros).then_some(time)
}
