//! Pages of events: of one stream, and of all.

use std::ops::RangeInclusive;

use es_core::{Filter, JournalError, Page, PageSize, Position, StreamId};

use super::meanings::Meanings;
use super::page::Lines;
use super::row::End;
use super::{Reader, Trouble, as_integer, on_connection, ready};
use crate::connections::Lent;

/// The most events that are looked at for one page: a filter that lets few of them through holds up nobody for long.
const LOOKED_AT: i64 = 32 * 1024;

impl Reader {
    /// See [`Journal::read_stream`](es_core::Journal::read_stream).
    pub(crate) async fn read_stream(
        &self,
        stream: &StreamId,
        versions: &RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        if versions.is_empty() {
            return Ok(Page::new(size, Position::START));
        }
        on_connection!(self, "read a stream", |lent| self.stream_page(lent, stream, versions, size))
    }

    pub(super) async fn stream_page(
        &self,
        lent: &mut Lent<'_>,
        stream: &StreamId,
        versions: &RangeInclusive<u64>,
        size: PageSize,
    ) -> Result<Page, Trouble> {
        let mut page = Page::new(size, Position::START);
        let mut expected = (*versions.start()).max(1);
        loop {
            // Events with versions from 0 down are damage that is to be found.
            let first = if expected == 1 { i64::MIN } else { as_integer(expected) };
            let limit = self.ask_for(size);
            let query = sqlx::query(ready(&self.sql.stream))
                .bind(stream.aggregate())
                .bind(stream.id())
                .bind(first)
                .bind(as_integer(*versions.end()))
                .bind(limit);
            // They are looked at before any of them is in the page.
            let lines = self.lines(lent, query, size, |_, _| Ok(())).await?;
            for event in &lines.events {
                let version = event.version(&self.place)?;
                if version != expected {
                    let what = format!("`{stream}` has version {version} where version {expected} should be");
                    return Err(self.place.damaged(Some(event.position), what).into());
                }
                expected += 1;
            }
            let is_last = as_integer(lines.count as u64) < limit;
            if !self.fill(lent, &mut page, lines, &Filter::all()).await? || is_last {
                return Ok(page);
            }
        }
    }

    /// See [`Journal::read_all`](es_core::Journal::read_all).
    pub(crate) async fn read_all(
        &self,
        after: Position,
        filter: &Filter,
        size: PageSize,
    ) -> Result<Page, JournalError> {
        on_connection!(self, "read the journal", |lent| self.page(lent, after, filter, size))
    }

    async fn page(
        &self,
        lent: &mut Lent<'_>,
        after: Position,
        filter: &Filter,
        size: PageSize,
    ) -> Result<Page, Trouble> {
        let mut page = Page::new(size, after);
        let mut waited = None;
        loop {
            let from = page.next();
            let (lines, limit) = self.some_lines(lent, &mut page, from, filter, size).await?;
            let (end, count) = (lines.end, lines.count);
            if !self.fill(lent, &mut page, lines, filter).await? {
                return Ok(page);
            }
            let Some(end) = end else { continue };
            if as_integer(count as u64) >= limit {
                // There was room for more than was asked for.
                continue;
            }
            if !filter.is_all() && self.pass(lent, &mut page, from, end).await? {
                page.has_more();
                return Ok(page);
            }
            if !end.holds_back() || !self.patience.allows(end.bound) {
                return Ok(page);
            }
            // Events that are committed will follow within moments, as soon as somebody else's transaction has ended.
            if page.next() > after {
                page.has_more();
                return Ok(page);
            }
            let newest = *waited.get_or_insert(end.newest);
            if end.bound > newest {
                return Ok(page);
            }
            self.patience.rest().await;
        }
    }

    /// What comes after `from`, and how many events were asked for. Some may be in the page already.
    async fn some_lines(
        &self,
        lent: &mut Lent<'_>,
        page: &mut Page,
        from: Position,
        filter: &Filter,
        size: PageSize,
    ) -> Result<(Lines, i64), Trouble> {
        let limit = self.ask_for(size);
        // Those that are not known yet are let through here, and looked at when they are.
        let kinds = lent.meanings.kinds.all();
        let not_wanted = |(no, kind): (&i32, &std::sync::Arc<super::kinds::Kind>)| {
            (!filter.lets_through(&kind.aggregate, &kind.name)).then_some(*no)
        };
        let unwanted: Vec<i32> =
            if filter.is_all() { Vec::new() } else { kinds.iter().filter_map(not_wanted).collect() };
        let looked_at = if filter.is_all() { limit } else { LOOKED_AT };
        let (first_slice, slice_end) = filter.slices().bounds();
        let (first_slice, last_slice) = (as_slice(first_slice), as_slice(slice_end.saturating_sub(1)));
        let query = sqlx::query(ready(&self.sql.all))
            .bind(as_integer(from.epoch))
            .bind(as_integer(from.number))
            .bind(looked_at)
            .bind(unwanted)
            .bind(limit)
            .bind(filter.slices().is_all())
            .bind(first_slice)
            .bind(last_slice);
        let take = |meanings: &Meanings, lines: &mut Lines| self.put_known(meanings, page, lines, filter);
        Ok((self.lines(lent, query, size, take).await?, limit))
    }

    /// Notes how far the journal was looked at from `from` on. `true` where that is not all of it.
    async fn pass(&self, lent: &mut Lent<'_>, page: &mut Page, from: Position, end: End) -> Result<bool, Trouble> {
        if end.last <= page.next() {
            return Ok(false);
        }
        let row: Option<(i64, i64)> = sqlx::query_as(self.schema.sql(include_str!("window_end.sql")))
            .bind(as_integer(from.epoch))
            .bind(as_integer(from.number))
            .bind(end.bound)
            .bind(LOOKED_AT - 1)
            .fetch_optional(&mut lent.db)
            .await?;
        let Some((epoch, number)) = row else {
            page.passed(end.last);
            return Ok(false);
        };
        let position = |number: i64| u64::try_from(number).unwrap_or(0);
        page.passed(Position { epoch: position(epoch), number: position(number) });
        Ok(page.next() < end.last)
    }
}

/// There are 1,024 slices.
fn as_slice(slice: u16) -> i16 {
    i16::try_from(slice).unwrap_or(i16::MAX)
}
