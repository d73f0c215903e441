//! The rows of `outbox` that are parked.

use es_core::{MessageKey, ParkedMessage, Position, StreamId};
use rusqlite::{Connection, OptionalExtension};

use super::messages::{damaged, key, stream};
use crate::place::Failure;
use crate::projection::integer;
use crate::reader::{as_integer, as_time};

pub(super) fn park(db: &Connection, outbox: &str, message: &ParkedMessage) -> Result<(), Failure> {
    let ParkedMessage { key: MessageKey { position, ordinal }, id, attempts, error, parked_at, .. } = message;
    let sql = "UPDATE outbox SET state = 'parked', attempts = ?5, error = ?6, changed_at = ?7 \
               WHERE outbox = ?1 AND position_epoch = ?2 AND position = ?3 AND ordinal = ?4 AND state = 'ready' \
               AND id = ?8";
    let (epoch, number) = (integer(position.epoch)?, integer(position.number)?);
    let values = (outbox, epoch, number, ordinal, attempts, error, parked_at.as_micros(), id);
    db.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

pub(super) fn unpark(db: &Connection, outbox: &str, stream: Option<&StreamId>) -> Result<u64, Failure> {
    let sql = "UPDATE outbox SET state = 'ready', attempts = 0, error = NULL, changed_at = NULL \
               WHERE outbox = ?1 AND state = 'parked' AND (?2 IS NULL OR (aggregate = ?2 AND stream = ?3))";
    let values = (outbox, stream.map(StreamId::aggregate), stream.map(StreamId::id));
    Ok(db.prepare_cached(sql)?.execute(values)? as u64)
}

pub(super) fn discard(db: &Connection, outbox: &str, id: &str) -> Result<Option<StreamId>, Failure> {
    let sql = "DELETE FROM outbox WHERE outbox = ?1 AND state = 'parked' AND id = ?2 RETURNING aggregate, stream";
    let mut delete = db.prepare_cached(sql)?;
    let deleted: Option<(String, String)> =
        delete.query_row((outbox, id), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let stream = deleted.map(|(aggregate, id)| StreamId::new(&aggregate, &id)).transpose();
    stream.map_err(|error| damaged(&error.to_string()))
}

pub(super) fn parked(
    db: &Connection,
    outbox: &str,
    after: Option<MessageKey>,
    limit: usize,
) -> Result<Vec<ParkedMessage>, Failure> {
    let sql = "SELECT position_epoch, position, ordinal, aggregate, stream, id, type, attempts, error, changed_at \
               FROM outbox WHERE outbox = ?1 AND state = 'parked' \
               AND (position_epoch, position, ordinal) > (?2, ?3, ?4) \
               ORDER BY position_epoch, position, ordinal LIMIT ?5";
    let mut query = db.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let after = after.map(|MessageKey { position: Position { epoch, number }, ordinal }| {
        (as_integer(epoch), as_integer(number), i64::from(ordinal))
    });
    let (epoch, number, ordinal) = after.unwrap_or((-1, -1, -1));
    let mut rows = query.query((outbox, epoch, number, ordinal, limit))?;
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        messages.push(ParkedMessage {
            key: key(row)?,
            stream: stream(row)?,
            id: row.get(5)?,
            event_type: row.get(6)?,
            attempts: row.get(7)?,
            error: row.get(8)?,
            parked_at: as_time(row.get(9)?).ok_or_else(|| damaged("the time when it was parked is not one"))?,
        });
    }
    Ok(messages)
}
