//! A row of the table `events` as an event.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use es_core::{EventId, JournalError, Metadata, Payload, Position, RawEvent, StreamId, Timestamp};
use sqlx::postgres::PgRow;
use sqlx::{Row, ValueRef};
use uuid::Uuid;

use super::kinds::Kind;
use crate::place::Place;

pub(super) static NO_METADATA: LazyLock<Arc<Metadata>> = LazyLock::new(Arc::default);

/// A row of the table `events`, with the columns of `all.sql` and `stream.sql`, in the binary format: what it holds is taken out
/// as it comes, while it is at hand, and checked when it is asked for. The rows of a page, kept whole, are larger than the
/// processor's caches.
pub(super) struct EventRow {
    pub(super) position: Position,
    pub(super) stream: i64,
    pub(super) kind: i32,
    version: i64,
    recorded_at: Option<Timestamp>,
    id: Option<Uuid>,
    /// Where it is in `Lines::payloads`.
    payload: Option<Range<usize>>,
    /// Or what is wrong with it.
    metadata: Result<Option<Arc<Metadata>>, String>,
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
    /// Takes a row apart; the payload of an event goes to the end of `payloads`.
    pub(super) fn new(row: &PgRow, payloads: &mut Vec<u8>, place: &Place) -> Result<Self, JournalError> {
        let epoch = integer(row, 0);
        let number = integer(row, 1);
        let Some(epoch) = epoch else {
            let last = Position {
                epoch: integer(row, 4).and_then(|epoch| u64::try_from(epoch).ok()).unwrap_or(0),
                number: number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0),
            };
            let bound = integer(row, 2).ok_or_else(|| place.damaged(None, "it has lost its generation"))?;
            return Ok(Self::End(End { bound, last, newest: integer(row, 3).unwrap_or(0) }));
        };
        match (u64::try_from(epoch), number.map(u64::try_from)) {
            (Ok(epoch @ 1..), Some(Ok(number @ 1..))) => {
                Ok(Self::Event(EventRow::new(row, Position { epoch, number }, payloads)))
            }
            _ => Err(place.damaged(None, format!("an event has position {epoch}.{}", number.unwrap_or(0)))),
        }
    }
}

impl EventRow {
    fn new(row: &PgRow, position: Position, payloads: &mut Vec<u8>) -> Self {
        let payload = payload(row).map(|bytes| {
            let start = payloads.len();
            payloads.extend_from_slice(bytes);
            start..payloads.len()
        });
        Self {
            position,
            stream: integer(row, 2).unwrap_or(0),
            kind: bytes(row, 6).and_then(|bytes| bytes.try_into().ok()).map_or(0, i32::from_be_bytes),
            version: integer(row, 3).unwrap_or(0),
            recorded_at: integer(row, 4).and_then(as_time),
            id: uuid(row, 5),
            payload,
            metadata: metadata(row),
        }
    }

    fn damaged(&self, place: &Place, what: impl Into<String>) -> JournalError {
        place.damaged(Some(self.position), what)
    }

    pub(super) fn version(&self, place: &Place) -> Result<u64, JournalError> {
        match u64::try_from(self.version) {
            Ok(version) if version > 0 => Ok(version),
            _ => Err(self.damaged(place, format!("an event has version {}", self.version))),
        }
    }

    /// Gives the event to `take`.
    pub(super) fn event<T>(
        &self,
        place: &Place,
        kind: &Kind,
        stream: &StreamId,
        payloads: &[u8],
        take: impl FnOnce(RawEvent<'_>) -> T,
    ) -> Result<T, JournalError> {
        let payload = self.payload.clone().and_then(|payload| payloads.get(payload));
        let bytes = payload.ok_or_else(|| self.damaged(place, "an event has lost its payload"))?;
        let id = self.id.ok_or_else(|| self.damaged(place, "an event has lost its id"))?;
        let version = self.version(place)?;
        let recorded_at =
            self.recorded_at.ok_or_else(|| self.damaged(place, "the time of an event is outside of all calendars"))?;
        let metadata = self.metadata.as_ref().map_err(|what| self.damaged(place, what))?;
        Ok(take(RawEvent {
            id: EventId::from_uuid(id),
            stream,
            version,
            position: self.position,
            recorded_at,
            name: &kind.name,
            event_version: kind.version,
            payload: Payload { format: &kind.format, bytes },
            metadata: metadata.as_ref().unwrap_or(&NO_METADATA),
        }))
    }
}

/// The payload of an event; `None` where there is none.
pub(super) fn payload(row: &PgRow) -> Option<&[u8]> {
    bytes(row, 7).or_else(|| bytes(row, 8))
}

/// The metadata of an event; `None` where there is none.
fn metadata(row: &PgRow) -> Result<Option<Arc<Metadata>>, String> {
    if (9..=13).all(|index| bytes(row, index).is_none()) {
        return Ok(None);
    }
    let (mut actor, mut extra) = (text(row, 9).map(str::to_owned), BTreeMap::new());
    if let Some(json) = text(row, 13) {
        let read = if json.trim_start().starts_with('[') {
            serde_json::from_str(json).map(|(hidden, texts)| (actor, extra) = (hidden, texts))
        } else {
            serde_json::from_str(json).map(|texts| extra = texts)
        };
        read.map_err(|error| format!("the metadata of an event is not a JSON object of texts: {error}"))?;
    }
    Ok(Some(Arc::new(Metadata {
        actor,
        command_id: uuid(row, 10).map(Into::into),
        correlation_id: uuid(row, 11).map(Into::into),
        causation_id: uuid(row, 12).map(Into::into),
        extra,
    })))
}

fn uuid(row: &PgRow, index: usize) -> Option<Uuid> {
    bytes(row, index).and_then(|bytes| Uuid::from_slice(bytes).ok())
}

fn text(row: &PgRow, index: usize) -> Option<&str> {
    bytes(row, index).and_then(|bytes| std::str::from_utf8(bytes).ok())
}

/// A value in the binary format; `None` where there is none.
pub(super) fn bytes(row: &PgRow, index: usize) -> Option<&[u8]> {
    // Looked at where it is: a copy made right after it was written makes the processor wait.
    match &row.try_get_raw(index) {
        // Asked first: as bytes, `null` is an error, which is made on the heap.
        Ok(value) if !value.is_null() => value.as_bytes().ok(),
        _ => None,
    }
}

pub(super) fn integer(row: &PgRow, index: usize) -> Option<i64> {
    bytes(row, index)?.try_into().ok().map(i64::from_be_bytes)
}

/// The time of microseconds since 1970, if there is one.
pub(crate) fn as_time(micros: i64) -> Option<Timestamp> {
    let time = Timestamp::from_micros(micros);
    (time.as_micros() == micros).then_some(time)
}
