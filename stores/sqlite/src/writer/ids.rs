//! `Ids`: which events are in the journal already.

use std::collections::HashSet;
use std::sync::LazyLock;

use es_core::{CommandId, EventId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::place::Failure;
use crate::reader::{BLOCK, IdPart, as_integer, as_time, id_part};

/// Finds events by their ids, nearly always without a look at the table: an id that is new is greater than all that are there.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Those behind the last whole block, with their positions, which are not in the table yet.
    recent: Vec<(IdPart, i64)>,
    /// Those that were entered lately, and lately before that: appends that are made at the same time have ids among each other's.
    entered: HashSet<IdPart>,
    entered_before: HashSet<IdPart>,
    /// The greatest one of the others in the table.
    greatest: Option<IdPart>,
}

/// How many ids that were entered are remembered at least, once there are so many.
const ENTERED: usize = 8 * 1024;

/// Where an event is that is in the journal already.
pub(super) struct Found {
    pub(super) position: u64,
    pub(super) stream: i64,
    pub(super) version: u64,
    pub(super) recorded_at: Timestamp,
}

impl Ids {
    /// Those of a journal whose last event has the position `last`. Enters what an older program has left out.
    pub(super) fn load(db: &Connection, last: u64) -> Result<Self, Failure> {
        let mut ids = Self::default();
        let mut query =
            db.prepare_cached("SELECT position, id, command_id FROM events WHERE position > ?1 ORDER BY position")?;
        let mut rows = query.query([as_integer(entered_blocks(db, last)?)])?;
        while let Some(row) = rows.next()? {
            let position = row.get(0)?;
            // An id that is damaged is nobody's.
            for column in [1, 2] {
                let id = row.get_ref(column)?.as_blob_or_null().ok().flatten();
                ids.recent.extend(id.and_then(|id| id.try_into().ok()).map(|id| (id_part(id), position)));
            }
        }
        ids.enter(db, last)?;
        let greatest: Option<Vec<u8>> =
            db.prepare_cached("SELECT max(part) FROM journal_ids")?.query_row((), |row| row.get(0))?;
        // One that is damaged is no part of an id; to take it for the greatest possible one costs some looks.
        ids.greatest = greatest.map(|part| part.try_into().unwrap_or([u8::MAX; 8]));
        Ok(ids)
    }

    /// Where an event is, if it is in the journal.
    pub(super) fn find(&self, db: &Connection, id: EventId) -> Result<Option<Found>, Failure> {
        let part = id_part(id.as_bytes());
        for (_, position) in self.recent.iter().filter(|(recent, _)| *recent == part) {
            if let Some(found) = event_at(db, *position, id)? {
                return Ok(Some(found));
            }
        }
        let is_among_others = self.greatest >= Some(part);
        if !is_among_others && !self.entered.contains(&part) && !self.entered_before.contains(&part) {
            return Ok(None);
        }
        let mut query = db.prepare_cached("SELECT position FROM journal_ids WHERE part = ?1")?;
        let mut rows = query.query([part.as_slice()])?;
        while let Some(row) = rows.next()? {
            if let Some(found) = event_at(db, row.get(0)?, id)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Takes note of an event that is written.
    pub(super) fn note(&mut self, position: u64, id: EventId, command: Option<CommandId>) {
        let position = as_integer(position);
        self.recent.push((id_part(id.as_bytes()), position));
        self.recent.extend(command.map(|command| (id_part(command.as_bytes()), position)));
    }

    /// Enters those of the blocks that are whole, now that the last event has the position `last`.
    pub(super) fn enter(&mut self, db: &Connection, last: u64) -> Result<(), Failure> {
        let end = as_integer(whole_blocks(last));
        let count = self.recent.partition_point(|(_, position)| *position <= end);
        if count == 0 {
            return Ok(());
        }
        // In their order they stand side by side in the table.
        let whole = &mut self.recent[..count];
        whole.sort_unstable();
        let (many, rest) = whole.as_chunks::<MANY>();
        many.iter().try_for_each(|ids| insert(db, &SOME, ids))?;
        rest.iter().try_for_each(|id| insert(db, &ONE, std::slice::from_ref(id)))?;
        if self.entered.len() >= ENTERED {
            let before = std::mem::replace(&mut self.entered_before, std::mem::take(&mut self.entered));
            self.greatest = self.greatest.max(before.into_iter().max());
        }
        self.entered.extend(self.recent.drain(..count).map(|(part, _)| part));
        Ok(())
    }
}

/// How many ids the statement for many is for: the places of the next ones in the table are found from that of the first.
const MANY: usize = 16;

/// One that is there is right: an event can have the id of its command.
fn sql(rows: usize) -> String {
    format!("INSERT OR IGNORE INTO journal_ids (part, position) VALUES {}", vec!["(?, ?)"; rows].join(", "))
}

static ONE: LazyLock<String> = LazyLock::new(|| sql(1));
static SOME: LazyLock<String> = LazyLock::new(|| sql(MANY));

/// Enters ids with a statement that is for so many.
fn insert(db: &Connection, sql: &str, ids: &[(IdPart, i64)]) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    for ((part, position), first) in ids.iter().zip((1..).step_by(2)) {
        statement.raw_bind_parameter(first, part.as_slice())?;
        statement.raw_bind_parameter(first + 1, position)?;
    }
    statement.raw_execute().map(drop)
}

/// The last position of the last block that is whole.
fn whole_blocks(last: u64) -> u64 {
    last - last % BLOCK
}

/// The last position of the last block that is whole and in the table. That is the last whole one, unless a program that has had
/// the file open since before its migration has appended more: it knows nothing of the table.
fn entered_blocks(db: &Connection, last: u64) -> Result<u64, Failure> {
    let mut end = whole_blocks(last);
    let mut is_entered = db.prepare_cached(include_str!("sql/is_entered.sql"))?;
    while end > 0 && !is_entered.query_row((as_integer(end - BLOCK), as_integer(end)), |row| row.get(0))? {
        end -= BLOCK;
    }
    Ok(end)
}

/// Enters the ids of events that an older program has left out, for those who look for commands before anything is written.
pub(crate) fn enter_ids(db: &Connection) -> Result<(), Failure> {
    let last = crate::reader::head(db)?;
    if entered_blocks(db, last)? < whole_blocks(last) {
        let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
        let last = crate::reader::head(&transaction)?;
        Ids::load(&transaction, last)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The event at a position, if it has this id.
fn event_at(db: &Connection, position: i64, id: EventId) -> Result<Option<Found>, Failure> {
    let mut query =
        db.prepare_cached("SELECT stream, version, recorded_at FROM events WHERE position = ?1 AND id = ?2")?;
    let row = query
        .query_row((position, id.as_bytes().as_slice()), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?)));
    let Some((stream, version, micros)) = row.optional()? else { return Ok(None) };
    let numbers = (u64::try_from(position), u64::try_from(version), as_time(micros));
    let (Ok(position), Ok(version), Some(recorded_at)) = numbers else {
        let what = format!("event {id} has position {position}, version {version} and time {micros}");
        return Err(Failure::Damaged { position: u64::try_from(position).ok(), what });
    };
    Ok(Some(Found { position, stream, version, recorded_at }))
}
