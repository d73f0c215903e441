//! Queries about events.

use std::ops::RangeInclusive;

use es_core::{CommandId, Filter, Page, PageSize, Position, StreamId, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::ids::id_part;
use super::metadata::MetadataQuery;
use super::row::{EventRow, as_time, columns, id, no_id, payload_columns, small_payload};
use super::{Names, Reader};
use crate::place::Failure;

/// The most events that are looked at for one page: a filter that lets few of them through holds up nobody for long.
const SCANNED: usize = 32 * 1024;

/// So many events of a stream take less time than the way to another thread and back.
const FEW: u64 = 64;

/// The number of a stream; `None` if it was never written.
pub(crate) fn stream_no(db: &Connection, stream: &StreamId) -> Result<Option<i64>, Failure> {
    let mut query = db.prepare_cached("SELECT no FROM streams WHERE aggregate = ?1 AND id = ?2")?;
    Ok(query.query_row((stream.aggregate(), stream.id()), |row| row.get(0)).optional()?)
}

/// The bounds of versions as SQLite knows them. Events with versions from 0 down are damage that is to be found.
fn bounds(versions: &RangeInclusive<u64>) -> (i64, i64) {
    let first = if *versions.start() <= 1 { i64::MIN } else { as_integer(*versions.start()) };
    (first, as_integer(*versions.end()))
}

/// A number as SQLite has it; there is nothing above the largest.
pub(crate) fn as_integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A query for versions of a stream.
macro_rules! select {
    ($columns:expr) => {
        concat!("SELECT ", $columns, " FROM events WHERE stream = ?1 AND version BETWEEN ?2 AND ?3 ORDER BY version")
    };
}

/// What is read of a stream: a page of some size, which ends before a payload of more than `largest` bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) size: PageSize,
    pub(crate) largest: Option<u64>,
}

/// See [`Journal::read_stream`](es_core::Journal::read_stream).
pub(crate) fn read_stream(
    reader: &mut Reader,
    stream: &StreamId,
    versions: &RangeInclusive<u64>,
    extent: Extent,
) -> Result<Page, Failure> {
    let sql = match extent.largest {
        None => select!(columns!("payload")),
        Some(_) => select!(columns!(small_payload!())),
    };
    let Reader { db, names } = reader;
    let mut metadata = MetadataQuery::new(db);
    read_versions(db, names, sql, stream, versions, extent, |names, row, page, version| {
        let kind = names.kind(db, row.kind()?, row.position)?;
        row.push_to(page, kind, stream, version, &mut metadata)
    })
}

/// See [`Journal::read_payloads`](es_core::Journal::read_payloads).
pub(crate) fn read_payloads(
    reader: &mut Reader,
    stream: &StreamId,
    versions: &RangeInclusive<u64>,
    extent: Extent,
) -> Result<Page, Failure> {
    let sql = match extent.largest {
        None => select!(payload_columns!("payload")),
        Some(_) => select!(payload_columns!(small_payload!())),
    };
    let Reader { db, names } = reader;
    let mut page = read_versions(db, names, sql, stream, versions, extent, |names, row, page, version| {
        let kind = names.kind(db, row.kind()?, row.position)?;
        row.push_payload_to(page, kind, stream, version)
    })?;
    if let Some(last) = page.last() {
        let position = last.position.number;
        let mut query = db.prepare_cached("SELECT id FROM events WHERE position = ?1")?;
        let mut rows = query.query([as_integer(position)])?;
        let id = match rows.next()? {
            Some(row) => id(row.get_ref(0)?),
            None => None,
        };
        page.set_last_id(id.ok_or_else(|| no_id(position))?);
    }
    Ok(page)
}

/// Whether a stream has so few events among these versions that reading them takes no time to speak of.
pub(crate) fn are_few(db: &Connection, stream: &StreamId, versions: &RangeInclusive<u64>) -> Result<bool, Failure> {
    let last = version(db, stream)?.min(*versions.end());
    Ok(last.saturating_sub(*versions.start()) < FEW)
}

/// Runs a query for versions of a stream, and has a page filled with its rows, in order and with no gap.
fn read_versions(
    db: &Connection,
    names: &mut Names,
    sql: &str,
    stream: &StreamId,
    versions: &RangeInclusive<u64>,
    Extent { size, largest }: Extent,
    mut push: impl FnMut(&mut Names, &EventRow<'_>, &mut Page, u64) -> Result<bool, Failure>,
) -> Result<Page, Failure> {
    let mut page = Page::new(size, Position::START);
    if versions.is_empty() {
        return Ok(page);
    }
    let Some(no) = stream_no(db, stream)? else { return Ok(page) };
    let mut query = db.prepare_cached(sql)?;
    let (first, last) = bounds(versions);
    let mut rows = match largest {
        None => query.query((no, first, last))?,
        Some(largest) => query.query((no, first, last, as_integer(largest)))?,
    };
    let mut expected = (*versions.start()).max(1);
    while let Some(row) = rows.next()? {
        if page.is_empty() {
            names.check(row);
        }
        let row = EventRow::new(row)?;
        let version = row.version()?;
        if version != expected {
            let what = format!("`{stream}` has version {version} where version {expected} should be");
            return Err(Failure::Damaged { position: Some(row.position), what });
        }
        if largest.is_some() && row.is_left_out()? {
            page.has_more();
            break;
        }
        if !push(names, &row, &mut page, version)? {
            break;
        }
        expected += 1;
    }
    Ok(page)
}

/// See [`Journal::read_all`](es_core::Journal::read_all).
pub(crate) fn read_all(reader: &mut Reader, after: Position, filter: &Filter, size: PageSize) -> Result<Page, Failure> {
    let Reader { db, names } = reader;
    let mut page = Page::new(size, after);
    let sql = concat!("SELECT ", columns!("payload"), ", stream FROM events WHERE position > ?1 ORDER BY position");
    let mut query = db.prepare_cached(sql)?;
    // An event before the first position is damage that is to be found.
    let start = if after == Position::START { i64::MIN } else { as_integer(after.number) };
    let mut rows = query.query([start])?;
    let mut passing = Passing { filter, kinds: Vec::new() };
    let mut scanned = 0;
    let mut metadata = MetadataQuery::new(db);
    while let Some(row) = rows.next()? {
        if scanned == 0 {
            names.check(row);
        }
        let row = EventRow::new(row)?;
        if scanned >= SCANNED {
            page.has_more();
            break;
        }
        scanned += 1;
        if !passing.lets_through(db, names, &row)? {
            page.passed(Position::new(row.position));
            continue;
        }
        let stream = names.stream(db, row.stream()?, Some(row.position))?;
        if !filter.lets_through_stream(&stream) {
            page.passed(Position::new(row.position));
            continue;
        }
        let kind = names.kind(db, row.kind()?, row.position)?;
        if !row.push_to(&mut page, kind, &stream, row.version()?, &mut metadata)? {
            break;
        }
    }
    Ok(page)
}

/// A filter by numbers of kinds.
struct Passing<'a> {
    filter: &'a Filter,
    /// What the filter says of a kind, by number, where it has been asked.
    kinds: Vec<Option<bool>>,
}

impl Passing<'_> {
    fn lets_through(&mut self, db: &Connection, names: &mut Names, row: &EventRow<'_>) -> Result<bool, Failure> {
        if self.filter.is_all() {
            return Ok(true);
        }
        let no = row.kind()?;
        let index = usize::try_from(no).unwrap_or(usize::MAX);
        if let Some(Some(known)) = self.kinds.get(index) {
            return Ok(*known);
        }
        // A number that is too large for the table is no kind's, and an error here.
        let kind = names.kind(db, no, row.position)?;
        let passes = self.filter.lets_through(&kind.aggregate, &kind.name);
        if index >= self.kinds.len() {
            self.kinds.resize(index + 1, None);
        }
        self.kinds[index] = Some(passes);
        Ok(passes)
    }
}

/// See [`Journal::version`](es_core::Journal::version).
pub(crate) fn version(db: &Connection, stream: &StreamId) -> Result<u64, Failure> {
    let Some(no) = stream_no(db, stream)? else { return Ok(0) };
    Ok(last_event(db, no)?.map_or(0, |last| last.version))
}

/// The last event of a stream.
pub(crate) struct LastEvent {
    pub(crate) version: u64,
    pub(crate) recorded_at: Timestamp,
}

pub(crate) fn last_event(db: &Connection, stream_no: i64) -> Result<Option<LastEvent>, Failure> {
    let sql = "SELECT position, version, recorded_at FROM events WHERE stream = ?1 ORDER BY version DESC LIMIT 1";
    let mut query = db.prepare_cached(sql)?;
    let row = query.query_row([stream_no], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?)));
    let Some((position, version, micros)) = row.optional()? else { return Ok(None) };
    let damaged = |what: String| Failure::Damaged { position: position_of(position), what };
    let version = match u64::try_from(version) {
        Ok(version) if version > 0 => version,
        _ => return Err(damaged(format!("an event has version {version}"))),
    };
    let recorded_at =
        as_time(micros).ok_or_else(|| damaged("the time of an event is outside of all calendars".to_owned()))?;
    Ok(Some(LastEvent { version, recorded_at }))
}

/// See [`Journal::version_at`](es_core::Journal::version_at).
pub(crate) fn version_at(db: &Connection, stream: &StreamId, time: Timestamp) -> Result<u64, Failure> {
    let Some(no) = stream_no(db, stream)? else { return Ok(0) };
    let Some(last) = last_event(db, no)? else { return Ok(0) };
    let mut query = db.prepare_cached("SELECT recorded_at FROM events WHERE stream = ?1 AND version = ?2")?;
    // Times never decrease within a stream: everything up to `at_or_before` is at or before `time`, from `later` on later.
    let (mut at_or_before, mut later) = (0, last.version + 1);
    while later - at_or_before > 1 {
        let version = at_or_before + (later - at_or_before) / 2;
        let micros: Option<i64> = query.query_row((no, as_integer(version)), |row| row.get(0)).optional()?;
        let Some(micros) = micros else {
            let what = format!("version {version} of `{stream}` is missing");
            return Err(Failure::Damaged { position: None, what });
        };
        if micros <= time.as_micros() {
            at_or_before = version;
        } else {
            later = version;
        }
    }
    Ok(at_or_before)
}

/// See [`Journal::find_command`](es_core::Journal::find_command).
pub(crate) fn find_command(
    db: &Connection,
    stream: &StreamId,
    id: CommandId,
) -> Result<Option<RangeInclusive<u64>>, Failure> {
    let Some(no) = stream_no(db, stream)? else { return Ok(None) };
    let mut query = db.prepare_cached(include_str!("sql/find_command.sql"))?;
    let bytes = id.as_bytes();
    let row: (Option<i64>, Option<i64>) =
        query.query_row((id_part(bytes).as_slice(), bytes.as_slice(), no), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(first), Some(last)) = row else { return Ok(None) };
    match (u64::try_from(first), u64::try_from(last)) {
        (Ok(first), Ok(last)) if first > 0 => Ok(Some(first..=last)),
        _ => {
            let what = format!("an event of `{stream}` has version {first}");
            Err(Failure::Damaged { position: None, what })
        }
    }
}

/// See [`Journal::head`](es_core::Journal::head).
pub(crate) fn head(db: &Connection) -> Result<u64, Failure> {
    let mut query = db.prepare_cached("SELECT max(position) FROM events")?;
    let last: Option<i64> = query.query_row([], |row| row.get(0))?;
    Ok(last.and_then(position_of).unwrap_or(0))
}

fn position_of(number: i64) -> Option<u64> {
    u64::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use es_core::{Append, EventId, ExpectedVersion, Journal, NewEvent};

    use super::*;
    use crate::SqliteStore;

    #[tokio::test]
    async fn a_page_ends_before_a_payload_that_is_too_large() {
        let store = SqliteStore::open_in_memory().await.unwrap();
        let stream = StreamId::new("account", "alice").unwrap();
        // The second one has fewer characters than bytes.
        for payload in ["\"1234\"", "\"\u{e9}\u{e9}\u{e9}\"", "1", "1234567"] {
            let (id, name, format) = (EventId::new(), "noted".into(), "json".into());
            let event = NewEvent { id, name, version: 1, format, payload: payload.into(), metadata: Arc::default() };
            store.append(Append::to_stream(stream.clone(), ExpectedVersion::Any, vec![event])).await.unwrap();
        }
        for (from, largest, count) in [(1, 6, 1), (1, 7, 1), (1, 8, 4), (2, 7, 0), (2, 8, 3), (3, 6, 1), (4, 7, 1)] {
            let stream = stream.clone();
            let read = move |reader: &mut Reader| {
                let extent = Extent { size: PageSize::default(), largest: Some(largest) };
                let pages = [read_stream, read_payloads].map(|read| read(reader, &stream, &(from..=u64::MAX), extent));
                Ok(pages.map(|page| page.map(|page| (page.len(), page.more()))))
            };
            for found in store.query("read", read).await.unwrap() {
                assert_eq!(found.unwrap(), (count, from + count as u64 <= 4), "from {from}, up to {largest} bytes");
            }
        }
    }
}
