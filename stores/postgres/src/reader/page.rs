//! Filling a page: rows as they come, and the streams and kinds behind their numbers.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use es_core::{Filter, JournalError, Page, PageSize, StreamId};
use sqlx::Row;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;

use super::kinds::{Kind, Numbers, no_kind};
use super::meanings::Meanings;
use super::row::{End, EventRow, Line, payload};
use super::{Reader, Trouble};
use crate::connections::Lent;
use crate::stream::next;

/// So many events are put into a page together, while they are at hand and the server looks for others.
const TOGETHER: usize = 128;

/// The rows of one query.
#[derive(Default)]
pub(super) struct Lines {
    /// Those that have not been put into the page, nor passed over.
    pub(super) events: Vec<EventRow>,
    /// The payloads of the events, one after the other; maybe behind those of others that are done with: the events say where
    /// theirs begin.
    payloads: Vec<u8>,
    /// How many events there were.
    pub(super) count: usize,
    pub(super) end: Option<End>,
    /// Whether the page had no room for one of the events: those after it are left to the next page.
    is_full: bool,
}

/// More bytes than that do not go into a page, nor into what is read beyond it.
pub(super) fn enough(size: PageSize) -> usize {
    size.bytes.saturating_mul(2).saturating_add(1024 * 1024)
}

impl Reader {
    /// How many events go into a page with room for `size`, or a little more than that.
    pub(super) fn fit_in(&self, size: PageSize) -> i64 {
        let by_bytes = size.bytes / self.length_of_late();
        i64::try_from(size.events.min(by_bytes + by_bytes / 4 + 16)).unwrap_or(i64::MAX)
    }

    /// How many events to ask for, so that such a page is full, and it is known whether there are more.
    pub(super) fn ask_for(&self, size: PageSize) -> i64 {
        self.fit_in(size).saturating_add(1)
    }

    /// How long the payloads of events have been of late.
    pub(super) fn length_of_late(&self) -> usize {
        self.event_bytes.load(Ordering::Relaxed).max(1)
    }

    /// Notes how long the payloads of some events were.
    pub(super) fn note_length(&self, bytes: usize, events: usize) {
        if let Some(average) = bytes.checked_div(events) {
            let before = self.event_bytes.load(Ordering::Relaxed);
            // That another page says something else at the same time does no harm.
            self.event_bytes.store((before / 2 + average / 2).max(average), Ordering::Relaxed);
        }
    }

    /// Runs a query, and takes its rows. Much more than fits in a page is not waited for. `take` may take out the
    /// events that have come.
    pub(super) async fn lines(
        &self,
        lent: &mut Lent<'_>,
        query: Query<'_, Postgres, PgArguments>,
        size: PageSize,
        mut take: impl FnMut(&Meanings, &mut Lines) -> Result<(), JournalError>,
    ) -> Result<Lines, Trouble> {
        let (mut lines, mut length) = (Lines::default(), 0_usize);
        let mut rows = query.fetch(&mut lent.db);
        while let Some(row) = next(&mut rows).await {
            let row = row?;
            if lines.is_full {
                // What does not go into the page any more is not looked at: it cannot be what is wrong with this one.
                lines.count += 1;
                length += payload(&row).map_or(0, <[u8]>::len);
            } else {
                let before = lines.payloads.len();
                match Line::new(&row, &mut lines.payloads, &self.place)? {
                    Line::End(end) => lines.end = Some(end),
                    Line::Event(event) => {
                        lines.events.push(event);
                        lines.count += 1;
                    }
                }
                length += lines.payloads.len() - before;
            }
            if length > enough(size) {
                drop(rows);
                // On the old one the server would send the rest first.
                lent.renew().await?;
                break;
            }
            if lines.events.len() >= TOGETHER && lines.count.is_multiple_of(TOGETHER) {
                take(&lent.meanings, &mut lines)?;
            }
        }
        self.note_length(length, lines.count);
        Ok(lines)
    }

    /// Gives the page each event of the rest that `filter` lets through, until it is full. `false` where it is.
    ///
    /// # Errors
    ///
    /// Also for an event whose kind or stream is not there.
    pub(super) async fn fill(
        &self,
        lent: &mut Lent<'_>,
        page: &mut Page,
        mut lines: Lines,
        filter: &Filter,
    ) -> Result<bool, Trouble> {
        if lines.is_full {
            return Ok(false);
        }
        let mut kinds = lent.meanings.kinds.all();
        if lines.events.iter().any(|event| !kinds.contains_key(&event.kind)) {
            kinds = lent.meanings.kinds.load(&mut lent.db, &self.schema, &self.place).await?;
        }
        let streams = self.streams_of(lent, &lines.events).await?;
        self.put(page, &mut lines, filter, &kinds, |no| streams.get(&no).cloned())?;
        let Some(EventRow { position, kind, stream, .. }) = lines.events.first() else { return Ok(!lines.is_full) };
        Err(if kinds.contains_key(kind) {
            self.place.damaged(Some(*position), format!("there is no stream with the number {stream}"))
        } else {
            no_kind(&self.place, *position, *kind)
        }
        .into())
    }

    /// Does as [`fill`](Self::fill) does with the events up to the first whose kind or stream is not known yet.
    pub(super) fn put_known(
        &self,
        meanings: &Meanings,
        page: &mut Page,
        lines: &mut Lines,
        filter: &Filter,
    ) -> Result<(), JournalError> {
        // Others read too: what they share is not held while events are copied.
        self.put(page, lines, filter, &meanings.kinds.all(), |no| meanings.streams().get(&no))
    }

    /// Puts the events into the page that `filter` lets through, up to the first whose kind or stream is not known, and takes out
    /// what is done with: all, once the page is full.
    fn put(
        &self,
        page: &mut Page,
        lines: &mut Lines,
        filter: &Filter,
        kinds: &Numbers,
        mut stream_of: impl FnMut(i64) -> Option<StreamId>,
    ) -> Result<(), JournalError> {
        // Kinds and streams come in runs.
        let mut last_kind: Option<(i32, &Kind, bool)> = None;
        let mut last_stream: Option<(i64, StreamId, bool)> = None;
        let mut done = 0;
        for event in &lines.events {
            if last_kind.is_none_or(|(no, ..)| no != event.kind) {
                last_kind = kinds
                    .get(&event.kind)
                    .map(|kind| (event.kind, &**kind, filter.lets_through(&kind.aggregate, &kind.name)));
            }
            let Some((_, kind, is_wanted)) = last_kind else { break };
            if !is_wanted {
                page.passed(event.position);
                done += 1;
                continue;
            }
            if last_stream.as_ref().is_none_or(|(no, ..)| *no != event.stream) {
                last_stream = stream_of(event.stream).map(|stream| {
                    let is_wanted = filter.lets_through_stream(&stream);
                    (event.stream, stream, is_wanted)
                });
            }
            let Some((_, stream, is_wanted)) = &last_stream else { break };
            if !is_wanted {
                page.passed(event.position);
            } else if !event.event(&self.place, kind, stream, &lines.payloads, |raw| page.push(raw))? {
                lines.is_full = true;
                break;
            }
            done += 1;
        }
        if lines.is_full || done == lines.events.len() {
            lines.events.clear();
            lines.payloads.clear();
        } else {
            // Their payloads stay: those of the others stand behind them.
            lines.events.drain(..done);
        }
        Ok(())
    }

    /// The streams of the events, by number.
    async fn streams_of(&self, lent: &mut Lent<'_>, events: &[EventRow]) -> Result<HashMap<i64, StreamId>, Trouble> {
        let mut streams = HashMap::new();
        let mut unknown = Vec::new();
        {
            let mut numbers: Vec<i64> = events.iter().map(|event| event.stream).collect();
            numbers.sort_unstable();
            numbers.dedup();
            let mut known = lent.meanings.streams();
            for no in numbers {
                match known.get(&no) {
                    Some(stream) => drop(streams.insert(no, stream)),
                    None => unknown.push(no),
                }
            }
        }
        if unknown.is_empty() {
            return Ok(streams);
        }
        let sql = self.schema.sql("SELECT no, aggregate, id FROM {schema}.streams WHERE no = ANY ($1)");
        let rows = sqlx::query(sql).bind(&unknown).fetch_all(&mut lent.db).await?;
        let mut known = lent.meanings.streams();
        for row in rows {
            let no: i64 = row.try_get(0)?;
            let stream = StreamId::new(row.try_get(1)?, row.try_get(2)?)
                .map_err(|error| self.place.damaged(None, format!("the stream with the number {no}: {error}")))?;
            known.set(&no, stream.clone());
            streams.insert(no, stream);
        }
        Ok(streams)
    }
}
