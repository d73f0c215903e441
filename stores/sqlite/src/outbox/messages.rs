//! The rows of `outbox`.

use es_core::{MessageKey, OutboxMessage, OutboxSize, Position, StreamId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::place::Failure;
use crate::projection::{integer, position};

pub(super) fn put(db: &Connection, outbox: &str, messages: &[OutboxMessage]) -> Result<(), Failure> {
    let sql = "INSERT OR REPLACE INTO outbox \
               (outbox, position_epoch, position, ordinal, state, aggregate, stream, id, type, event) \
               VALUES (?1, ?2, ?3, ?4, 'ready', ?5, ?6, ?7, ?8, ?9)";
    let mut insert = db.prepare_cached(sql)?;
    for message in messages {
        let OutboxMessage { position, ordinal, stream, id, event_type, json } = message;
        let (epoch, number) = (integer(position.epoch)?, integer(position.number)?);
        insert.execute((outbox, epoch, number, ordinal, stream.aggregate(), stream.id(), id, event_type, json))?;
    }
    Ok(())
}

pub(super) fn clear(db: &Connection, outbox: &str) -> Result<(), Failure> {
    let sql = "DELETE FROM outbox WHERE outbox = ?1 AND state IN ('ready', 'parked')";
    db.prepare_cached(sql)?.execute([outbox])?;
    Ok(())
}

pub(super) fn ready(
    db: &Connection,
    outbox: &str,
    except: &[StreamId],
    limit: usize,
) -> Result<Vec<OutboxMessage>, Failure> {
    let sql = if except.is_empty() { include_str!("sql/ready.sql") } else { include_str!("sql/ready_except.sql") };
    let except: Vec<[&str; 2]> = except.iter().map(|stream| [stream.aggregate(), stream.id()]).collect();
    let except = serde_json::to_string(&except).unwrap_or_default();
    let mut query = db.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = if except == "[]" { query.query((outbox, limit))? } else { query.query((outbox, limit, except))? };
    let (mut messages, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let json: String = row.get(7)?;
        bytes += json.len();
        if bytes > OutboxMessage::AT_ONCE && !messages.is_empty() {
            break;
        }
        let MessageKey { position, ordinal } = key(row)?;
        let (stream, id, event_type) = (stream(row)?, row.get(5)?, row.get(6)?);
        messages.push(OutboxMessage { position, ordinal, stream, id, event_type, json });
    }
    Ok(messages)
}

/// The key of a row that begins with it.
pub(super) fn key(row: &Row<'_>) -> Result<MessageKey, Failure> {
    let position = position(row.get(0)?, row.get(1)?)?;
    Ok(MessageKey { position, ordinal: row.get(2)? })
}

/// The stream behind that.
pub(super) fn stream(row: &Row<'_>) -> Result<StreamId, Failure> {
    let stream = StreamId::new(&row.get::<_, String>(3)?, &row.get::<_, String>(4)?);
    stream.map_err(|error| damaged(&error.to_string()))
}

pub(super) fn damaged(what: &str) -> Failure {
    Failure::Damaged { position: None, what: format!("a message of an outbox: {what}") }
}

pub(super) fn sent(
    db: &Connection,
    outbox: &str,
    messages: &[OutboxMessage],
    keep: Option<Timestamp>,
) -> Result<(), Failure> {
    let of_it = "WHERE outbox = ?1 AND position_epoch = ?2 AND position = ?3 AND ordinal = ?4 AND event = ?5";
    let (delete, keep_it) = (
        format!("DELETE FROM outbox {of_it}"),
        format!("UPDATE outbox SET state = 'sent', error = NULL, changed_at = ?6 {of_it}"),
    );
    let mut statement = db.prepare_cached(if keep.is_some() { &keep_it } else { &delete })?;
    for OutboxMessage { position, ordinal, json, .. } in messages {
        let (epoch, number) = (integer(position.epoch)?, integer(position.number)?);
        match keep {
            Some(at) => statement.execute((outbox, epoch, number, ordinal, json, at.as_micros()))?,
            None => statement.execute((outbox, epoch, number, ordinal, json))?,
        };
    }
    Ok(())
}

pub(super) fn forget(db: &Connection, outbox: &str, before: Timestamp, limit: usize) -> Result<u64, Failure> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let deleted = db.prepare_cached(include_str!("sql/forget.sql"))?.execute((outbox, before.as_micros(), limit))?;
    Ok(deleted as u64)
}

pub(super) fn size(db: &Connection, outbox: &str) -> Result<OutboxSize, Failure> {
    let count = |state: &str| -> Result<u64, Failure> {
        let mut query = db.prepare_cached("SELECT count(*) FROM outbox WHERE outbox = ?1 AND state = ?2")?;
        Ok(query.query_row((outbox, state), |row| row.get::<_, i64>(0))?.unsigned_abs())
    };
    let first = |state: &str| -> Result<Option<Position>, Failure> {
        let sql = "SELECT position_epoch, position FROM outbox WHERE outbox = ?1 AND state = ?2 \
                   ORDER BY position_epoch, position LIMIT 1";
        let mut query = db.prepare_cached(sql)?;
        let found = query.query_row((outbox, state), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        found.map(|(epoch, number)| position(epoch, number)).transpose()
    };
    Ok(OutboxSize {
        ready: count("ready")?,
        parked: count("parked")?,
        first_ready: first("ready")?,
        first_parked: first("parked")?,
    })
}
