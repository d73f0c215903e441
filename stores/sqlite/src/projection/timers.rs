//! The rows of `reaction_timers` and `reaction_answers`.

use es_core::{CommandId, KeptAnswer, StreamId, Timer, Timestamp};
use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::SqliteLease;
use super::checkpoint::{event_id, integer};
use crate::place::Failure;
use crate::reader::as_time;

pub(super) fn set(db: &Connection, lease: &SqliteLease, timer: &Timer) -> Result<(), Failure> {
    let Timer { stream, name, event, version, index, due, error } = timer;
    let sql = "INSERT OR REPLACE INTO reaction_timers \
               (reaction, aggregate, stream, name, due, event_id, version, event_index, error) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    db.prepare_cached(sql)?.execute((
        &lease.projection,
        stream.aggregate(),
        stream.id(),
        name,
        due.as_micros(),
        event.as_bytes().as_slice(),
        integer(*version)?,
        index,
        error,
    ))?;
    Ok(())
}

pub(super) fn remove(db: &Connection, lease: &SqliteLease, stream: &StreamId, name: &str) -> Result<(), Failure> {
    let sql = "DELETE FROM reaction_timers WHERE reaction = ?1 AND aggregate = ?2 AND stream = ?3 AND name = ?4";
    db.prepare_cached(sql)?.execute((&lease.projection, stream.aggregate(), stream.id(), name))?;
    Ok(())
}

pub(super) fn first(
    db: &Connection,
    lease: &SqliteLease,
    put_aside: bool,
    limit: usize,
) -> Result<Vec<Timer>, Failure> {
    let sql = "SELECT aggregate, stream, name, due, event_id, version, event_index, error FROM reaction_timers \
               WHERE reaction = ?1 AND (error IS NOT NULL) = ?2 ORDER BY due LIMIT ?3";
    let mut query = db.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = query.query((&lease.projection, put_aside, limit))?;
    let mut timers = Vec::new();
    while let Some(row) = rows.next()? {
        timers.push(timer(row)?);
    }
    Ok(timers)
}

fn timer(row: &Row<'_>) -> Result<Timer, Failure> {
    let damaged = |what: &str| Failure::Damaged { position: None, what: format!("a timer: {what}") };
    Ok(Timer {
        stream: stream(row, 0, damaged)?,
        name: row.get(2)?,
        due: time(row, 3, damaged)?,
        event: event_id(row.get_ref(4)?.as_blob().unwrap_or_default())?,
        version: version(row, 5, damaged)?,
        index: u32::try_from(row.get::<_, i64>(6)?).map_err(|_| damaged("the index of its event is not one"))?,
        error: row.get(7)?,
    })
}

pub(super) fn keep(db: &Connection, lease: &SqliteLease, answer: &KeptAnswer) -> Result<(), Failure> {
    let KeptAnswer { occasion, command, stream, version, decided_at } = answer;
    let sql = "INSERT OR REPLACE INTO reaction_answers \
               (reaction, command_id, occasion, aggregate, stream, version, decided_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    db.prepare_cached(sql)?.execute((
        &lease.projection,
        command.as_bytes().as_slice(),
        occasion.as_bytes().as_slice(),
        stream.aggregate(),
        stream.id(),
        integer(*version)?,
        decided_at.as_micros(),
    ))?;
    Ok(())
}

pub(super) fn answers(db: &Connection, lease: &SqliteLease) -> Result<Vec<KeptAnswer>, Failure> {
    let sql = "SELECT occasion, command_id, aggregate, stream, version, decided_at FROM reaction_answers \
               WHERE reaction = ?1";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query([&lease.projection])?;
    let mut answers = Vec::new();
    while let Some(row) = rows.next()? {
        let damaged = |what: &str| Failure::Damaged { position: None, what: format!("a kept answer: {what}") };
        let id = |at| {
            Uuid::from_slice(row.get_ref(at)?.as_blob().unwrap_or_default()).map_err(|_| damaged("its id is not one"))
        };
        answers.push(KeptAnswer {
            occasion: id(0)?,
            command: CommandId::from_uuid(id(1)?),
            stream: stream(row, 2, damaged)?,
            version: version(row, 4, damaged)?,
            decided_at: time(row, 5, damaged)?,
        });
    }
    Ok(answers)
}

pub(super) fn forget(db: &Connection, lease: &SqliteLease, occasion: Uuid) -> Result<(), Failure> {
    let sql = "DELETE FROM reaction_answers WHERE reaction = ?1 AND occasion = ?2";
    db.prepare_cached(sql)?.execute((&lease.projection, occasion.as_bytes().as_slice()))?;
    Ok(())
}

fn stream(row: &Row<'_>, at: usize, damaged: impl Fn(&str) -> Failure) -> Result<StreamId, Failure> {
    let stream = StreamId::new(&row.get::<_, String>(at)?, &row.get::<_, String>(at + 1)?);
    stream.map_err(|_| damaged("its stream is not one"))
}

fn version(row: &Row<'_>, at: usize, damaged: impl Fn(&str) -> Failure) -> Result<u64, Failure> {
    u64::try_from(row.get::<_, i64>(at)?).map_err(|_| damaged("its version is not one"))
}

fn time(row: &Row<'_>, at: usize, damaged: impl Fn(&str) -> Failure) -> Result<Timestamp, Failure> {
    as_time(row.get(at)?).ok_or_else(|| damaged("its time is outside of all calendars"))
}
