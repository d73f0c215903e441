//! Filling a page: rows as they come, and the streams and kinds behind their numbers.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use es_core::{Filter, Page, PageSize, StreamId};
use sqlx::Row;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;

use super::kinds::no_kind;
use super::row::{End, EventRow, Line};
use super::{Reader, Trouble};
use crate::connections::Lent;
use crate::stream::next;

/// The rows of one query.
pub(super) struct Lines {
    pub(super) events: Vec<EventRow>,
    /// The payloads of the events, one after the other.
    payloads: Vec<u8>,
    pub(super) end: Option<End>,
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

    /// Runs a query, and takes its rows. Much more than fits in a page is not waited for.
    pub(super) async fn lines(
        &self,
        lent: &mut Lent<'_>,
        query: Query<'_, Postgres, PgArguments>,
        size: PageSize,
    ) -> Result<Lines, Trouble> {
        let mut lines = Lines { events: Vec::new(), payloads: Vec::new(), end: None };
        let mut rows = query.fetch(&mut lent.db);
        while let Some(row) = next(&mut rows).await {
            match Line::new(&row?, &mut lines.payloads, &self.place)? {
                Line::Event(event) => lines.events.push(event),
                Line::End(end) => lines.end = Some(end),
            }
            if lines.payloads.len() > enough(size) {
                drop(rows);
                // On the old one the server would send the rest first.
                lent.renew().await?;
                break;
            }
        }
        self.note_length(lines.payloads.len(), lines.events.len());
        Ok(lines)
    }

    /// Gives the page each event that `filter` lets through, until it is full. `false` where it is.
    pub(super) async fn fill(
        &self,
        lent: &mut Lent<'_>,
        page: &mut Page,
        lines: &Lines,
        filter: &Filter,
    ) -> Result<bool, Trouble> {
        let Lines { events, payloads, .. } = lines;
        let mut kinds = lent.meanings.kinds.all();
        if events.iter().any(|event| !kinds.contains_key(&event.kind)) {
            kinds = lent.meanings.kinds.load(&mut lent.db, &self.schema, &self.place).await?;
        }
        let streams = self.streams_of(lent, events).await?;
        // Kinds and streams come in runs.
        let (mut last_kind, mut last_stream) = (None, None);
        for event in events {
            let (kind_no, stream_no) = (event.kind, event.stream);
            let (kind, is_wanted) = match last_kind {
                Some((no, kind, is_wanted)) if no == kind_no => (kind, is_wanted),
                _ => {
                    let kind = kinds.get(&kind_no).ok_or_else(|| no_kind(&self.place, event.position, kind_no))?;
                    (&**kind, filter.lets_through(&kind.aggregate, &kind.name))
                }
            };
            last_kind = Some((kind_no, kind, is_wanted));
            if !is_wanted {
                page.passed(event.position);
                continue;
            }
            let (stream, is_wanted) = match last_stream {
                Some((no, stream, is_wanted)) if no == stream_no => (stream, is_wanted),
                _ => {
                    let stream = streams.get(&stream_no).ok_or_else(|| {
                        let what = format!("there is no stream with the number {stream_no}");
                        self.place.damaged(Some(event.position), what)
                    })?;
                    (stream, filter.lets_through_stream(stream))
                }
            };
            last_stream = Some((stream_no, stream, is_wanted));
            if !is_wanted {
                page.passed(event.position);
                continue;
            }
            if !event.event(&self.place, kind, stream, payloads, |raw| page.push(raw))? {
                return Ok(false);
            }
        }
        Ok(true)
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
