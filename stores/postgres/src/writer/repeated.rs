//! Looking up whether an append was written before.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use es_core::{Append, AppendError, Appended, AppendedStream, EventId, Position, StreamAppend, StreamId, Timestamp};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::Writer;
use super::commit::Failure;
use crate::reader::as_time;

/// An event that is in the journal.
pub(super) struct Found {
    pub(super) stream: StreamId,
    pub(super) version: u64,
    pub(super) position: Position,
    pub(super) recorded_at: Timestamp,
}

impl Writer {
    /// The answer to an append of which events are in the journal; `None` where none is.
    pub(super) async fn repeated(
        &mut self,
        append: &Append,
    ) -> Result<Option<Result<Appended, AppendError>>, AppendError> {
        let found = self.find(event_ids(append)).await?;
        Ok(if found.is_empty() { None } else { Some(repeated(append, &found)) })
    }

    /// The events with these ids that are in the journal. Where that cannot be found out, it is not known whether they
    /// were written.
    pub(super) async fn find(
        &mut self,
        ids: impl Iterator<Item = EventId>,
    ) -> Result<HashMap<EventId, Found>, AppendError> {
        let ids: Vec<Uuid> = ids.map(|id| id.as_uuid()).collect();
        let unknown = |source: es_core::BoxError| AppendError::Unknown { source };
        let mut session = self.session().await.map_err(|failure| match failure {
            Failure::NotConnected(error) => unknown(error.into()),
            Failure::NotWritten(error) | Failure::Late(error) | Failure::Unknown(error) => unknown(error.into()),
        })?;
        let query = sqlx::query(super::ready(&self.statements.repeated)).bind(&ids);
        let rows = query.fetch_all(&mut session.db).await.map_err(|error| unknown(error.into()))?;
        if !rows.is_empty() {
            // That they are here does not say that the standbys have them: the answer may have been lost on that way.
            let barrier = sqlx::query(super::ready(&self.statements.barrier)).execute(&mut session.db);
            let (passed, warned) = self.notices.watch(barrier).await;
            passed.map_err(|error| unknown(error.into()))?;
            if warned {
                return Err(Failure::for_each(&Arc::new(Failure::warned()), &self.connector.place));
            }
        }
        self.keep(session);
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            let damaged = || self.connector.place.damaged(None, "an event that was looked up cannot be read");
            let (id, event) = read(row).ok_or_else(damaged)?;
            found.insert(id, event);
        }
        Ok(found)
    }
}

/// The ids of the events of an append.
pub(super) fn event_ids(append: &Append) -> impl Iterator<Item = EventId> {
    append.streams.iter().flat_map(|stream| &stream.events).map(|event| event.id)
}

fn read(row: &PgRow) -> Option<(EventId, Found)> {
    let number = |index| row.try_get::<i64, _>(index).ok().and_then(|number| u64::try_from(number).ok());
    let id: Uuid = row.try_get(0).ok()?;
    let stream = StreamId::new(row.try_get(5).ok()?, row.try_get(6).ok()?).ok()?;
    let position = Position { epoch: number(1)?, number: number(2)? };
    let found = Found { stream, version: number(3)?, position, recorded_at: as_time(row.try_get(4).ok()?)? };
    Some((EventId::from_uuid(id), found))
}

/// The answer that the append had the first time; an error where that was another append.
pub(super) fn repeated(append: &Append, found: &HashMap<EventId, Found>) -> Result<Appended, AppendError> {
    let duplicate = |stream: &StreamId, id| Err(AppendError::DuplicateEvent { stream: stream.clone(), id });
    let events = || append.streams.iter().flat_map(|part| part.events.iter().map(|event| (&part.stream, event.id)));
    if let Some((stream, id)) = events().find(|(_, id)| found.contains_key(id))
        && events().any(|(_, id)| !found.contains_key(&id))
    {
        return duplicate(stream, id);
    }
    let mut recorded_at = Timestamp::MIN;
    let mut streams = Vec::with_capacity(append.streams.len());
    for StreamAppend { stream, events, .. } in &append.streams {
        let mut versions: Option<RangeInclusive<u64>> = None;
        let mut position = Position::START;
        for event in events {
            let Some(there) = found.get(&event.id) else { return duplicate(stream, event.id) };
            let follows = versions.as_ref().is_none_or(|versions| there.version == versions.end() + 1);
            if there.stream != *stream || !follows {
                return duplicate(stream, event.id);
            }
            versions = Some(versions.map_or(there.version, |versions| *versions.start())..=there.version);
            position = there.position;
            recorded_at = there.recorded_at;
        }
        streams.push(AppendedStream { versions, position });
    }
    let position = streams.iter().map(|stream| stream.position).max().unwrap_or_default();
    Ok(Appended { streams, position, recorded_at, repeated: true })
}
