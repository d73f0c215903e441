//! What states are made of: the payloads of a stream, some in each row.

use std::ops::RangeInclusive;

use es_core::{EventId, JournalError, Page, PageSize, Payload, Position, RawEvent, StreamId, Timestamp};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::page::enough;
use super::row::{NO_METADATA, bytes, integer};
use super::{Reader, Trouble, as_integer, on_connection, ready};
use crate::connections::Lent;
use crate::stream::next;

/// The most events in a row.
const EVENTS: i64 = 64;
/// Longer payloads, in bytes, do not stand in a row with others: it would have no bound.
const LONG: usize = 4 * 1024;
/// What stands between two payloads.
const BETWEEN: char = '\x1e';

/// What is known of the last event of a page, and of no other one.
struct Place {
    id: EventId,
    position: Position,
}

impl Place {
    /// Reads three columns; `None` where they are not as they should be.
    fn read(row: &PgRow, index: usize) -> Option<Self> {
        let id = bytes(row, index).and_then(|bytes| Uuid::from_slice(bytes).ok())?;
        let number =
            |index| integer(row, index).and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0);
        let position = Position { epoch: number(index + 1)?, number: number(index + 2)? };
        Some(Self { id: EventId::from_uuid(id), position })
    }

    fn note(&self, page: &mut Page) {
        page.set_last_id(self.id);
        page.set_last_position(self.position);
    }
}

/// Events that follow each other, as a row of `payloads.sql` has them.
struct Run<'r> {
    /// The version of the stream.
    head: u64,
    first: u64,
    last: u64,
    last_place: Place,
    kinds: Vec<i32>,
    /// The payloads that are JSON; nothing stands for one that is not.
    texts: &'r str,
    /// Those that are not.
    bytes: Vec<Option<Vec<u8>>>,
}

impl<'r> Run<'r> {
    /// `None` where it is not as it should be, or has a payload that is [`LONG`].
    fn read(row: &'r PgRow) -> Option<Self> {
        let version = |index| integer(row, index).and_then(|version| u64::try_from(version).ok());
        Some(Self {
            head: version(0)?,
            first: version(1)?,
            last: version(2)?,
            last_place: Place::read(row, 6)?,
            kinds: row.try_get(3).ok()?,
            texts: row.try_get(4).ok()?,
            bytes: row.try_get::<Option<_>, _>(5).ok()?.unwrap_or_default(),
        })
    }

    /// How long the payloads are together, in bytes.
    fn length(&self) -> usize {
        self.texts.len() + self.bytes.iter().flatten().map(Vec::len).sum::<usize>()
    }
}

impl Reader {
    /// See [`Journal::read_payloads`](es_core::Journal::read_payloads).
    pub(crate) async fn read_payloads(
        &self,
        stream: &StreamId,
        versions: &RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        if versions.is_empty() {
            return Ok(Page::new(size, Position::START));
        }
        on_connection!(self, "read a stream", |lent| self.payloads_page(lent, stream, versions, size))
    }

    async fn payloads_page(
        &self,
        lent: &mut Lent<'_>,
        stream: &StreamId,
        versions: &RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, Trouble> {
        if self.length_of_late() > LONG {
            return self.stream_page(lent, stream, versions, size).await;
        }
        let mut page = Page::new(size, Position::START);
        let (mut from, to) = ((*versions.start()).max(1), *versions.end());
        loop {
            let rows = self.runs(lent, stream, from..=to, size).await?;
            if rows.is_empty() {
                return Ok(page);
            }
            for row in &rows {
                let run = Run::read(row).filter(|run| run.first == from);
                let next = match &run {
                    Some(run) => self.push_run(lent, &mut page, stream, run).await?,
                    None => None,
                };
                let (Some(run), Some(next)) = (run, next) else {
                    // Event by event it is found out what is wrong, or is only long.
                    return self.stream_page(lent, stream, versions, size).await;
                };
                self.note_length(run.length(), run.kinds.len());
                if next <= run.last {
                    if next > run.first {
                        self.place_of(lent, stream, next - 1).await?.note(&mut page);
                    }
                    return Ok(page);
                }
                run.last_place.note(&mut page);
                if next > run.head.min(to) {
                    return Ok(page);
                }
                if page.len() >= size.events {
                    page.has_more();
                    return Ok(page);
                }
                from = next;
            }
        }
    }

    /// Reads what follows, in rows of some events. Much more than fits in a page is not waited for.
    async fn runs(
        &self,
        lent: &mut Lent<'_>,
        stream: &StreamId,
        versions: RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Vec<PgRow>, Trouble> {
        let first = as_integer(*versions.start());
        let last = as_integer(*versions.end()).min(first.saturating_add(self.fit_in(size).max(1) - 1));
        let query = sqlx::query(ready(&self.sql.payloads))
            .bind(stream.aggregate())
            .bind(stream.id())
            .bind(first)
            .bind(last)
            .bind(EVENTS)
            .bind(as_integer(LONG as u64));
        let (mut found, mut length) = (Vec::new(), 0_usize);
        let mut rows = query.fetch(&mut lent.db);
        while let Some(row) = next(&mut rows).await {
            let row = row?;
            let length_of = |index| bytes(&row, index).map_or(0, <[u8]>::len);
            length = length.saturating_add(length_of(4)).saturating_add(length_of(5));
            found.push(row);
            if length > enough(size) {
                drop(rows);
                // On the old one the server would send the rest first.
                lent.renew().await?;
                break;
            }
        }
        Ok(found)
    }

    /// Gives the page the events of a row, until it is full; says from which version on it has none. `None` where one of
    /// them is not as it should be.
    async fn push_run(
        &self,
        lent: &mut Lent<'_>,
        page: &mut Page,
        stream: &StreamId,
        run: &Run<'_>,
    ) -> Result<Option<u64>, Trouble> {
        let mut kinds = lent.meanings.kinds.all();
        if run.kinds.iter().any(|no| !kinds.contains_key(no)) {
            kinds = lent.meanings.kinds.load(&mut lent.db, &self.schema, &self.place).await?;
        }
        let (mut texts, mut others, mut next) = (run.texts.split(BETWEEN), run.bytes.iter(), run.first);
        for (no, text) in run.kinds.iter().zip(texts.by_ref()) {
            let payload =
                if text.is_empty() { others.next().and_then(Option::as_deref) } else { Some(text.as_bytes()) };
            let (Some(kind), Some(bytes)) = (kinds.get(no), payload) else { return Ok(None) };
            let event = RawEvent {
                id: EventId::from_uuid(Uuid::nil()),
                stream,
                version: next,
                position: Position::START,
                recorded_at: Timestamp::MIN,
                name: &kind.name,
                event_version: kind.version,
                payload: Payload { format: &kind.format, bytes },
                metadata: &NO_METADATA,
            };
            if !page.push(event) {
                return Ok(Some(next));
            }
            next += 1;
        }
        let is_all = next.checked_sub(1) == Some(run.last) && texts.next().is_none();
        Ok(is_all.then_some(next))
    }

    async fn place_of(&self, lent: &mut Lent<'_>, stream: &StreamId, version: u64) -> Result<Place, Trouble> {
        let sql = "SELECT id, epoch, number FROM {schema}.events WHERE version = $3 \
                   AND stream = (SELECT no FROM {schema}.streams WHERE aggregate = $1 AND streams.id = $2)";
        let query = sqlx::query(self.schema.sql(sql)).bind(stream.aggregate()).bind(stream.id());
        let row = query.bind(as_integer(version)).fetch_one(&mut lent.db).await?;
        let damaged = || self.place.damaged(None, format!("version {version} of `{stream}` has no position, or no id"));
        Ok(Place::read(&row, 0).ok_or_else(damaged)?)
    }
}
