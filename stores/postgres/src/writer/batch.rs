//! `Batch`: appends as the arrays that the function `append` of the schema takes.

use std::collections::HashMap;

use es_core::{Append, Payload, StreamAppend, StreamId, Timestamp};
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;

use super::columns::{EventColumns, expected_version};
use super::kinds::{KindNumbers, NewKind};

/// The columns of a batch; see the function `append` in the schema.
#[derive(Debug, Default)]
pub(super) struct Batch<'a> {
    stream_aggregates: Vec<&'a str>,
    stream_ids: Vec<&'a str>,
    part_appends: Vec<i32>,
    part_streams: Vec<i32>,
    part_expected: Vec<Option<i64>>,
    part_events: Vec<i32>,
    event_parts: Vec<i32>,
    events: EventColumns<'a>,
}

/// A number of something in a batch, from 1.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The kinds of the events that have no number yet, each once.
pub(super) fn new_kinds<'a>(parts: impl Iterator<Item = &'a StreamAppend>, known: &KindNumbers) -> Vec<NewKind<'a>> {
    let mut new = Vec::new();
    for StreamAppend { stream, events, .. } in parts {
        for event in events {
            let kind = NewKind::of(stream.aggregate(), event);
            if known.get(kind).is_none() && !new.contains(&kind) {
                new.push(kind);
            }
        }
    }
    new
}

impl<'a> Batch<'a> {
    /// Makes a batch of appends that each have streams.
    pub(super) fn new(appends: impl Iterator<Item = &'a Append>, kinds: &KindNumbers) -> Self {
        let mut batch = Self::default();
        let mut streams = HashMap::new();
        for (index, append) in appends.enumerate() {
            for StreamAppend { stream, expected, events } in &append.streams {
                let stream_no = batch.stream(&mut streams, stream);
                batch.part_appends.push(number(index + 1));
                batch.part_streams.push(stream_no);
                batch.part_expected.push(expected_version(*expected));
                batch.part_events.push(number(events.len()));
                for event in events {
                    let kind = kinds.get(NewKind::of(stream.aggregate(), event)).unwrap_or(0);
                    batch.event_parts.push(number(batch.part_streams.len()));
                    let payload = Payload { format: &event.format, bytes: &event.payload };
                    batch.events.push(event.id, kind, payload, &event.metadata);
                }
            }
        }
        batch
    }

    fn stream(&mut self, known: &mut HashMap<&'a StreamId, i32>, stream: &'a StreamId) -> i32 {
        *known.entry(stream).or_insert_with(|| {
            self.stream_aggregates.push(stream.aggregate());
            self.stream_ids.push(stream.id());
            number(self.stream_ids.len())
        })
    }

    pub(super) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Gives the columns to the statement that calls `append`.
    pub(super) fn bind<'q>(
        &'q self,
        query: Query<'q, Postgres, PgArguments>,
        now: Timestamp,
    ) -> Query<'q, Postgres, PgArguments> {
        let query = query
            .bind(&self.stream_aggregates)
            .bind(&self.stream_ids)
            .bind(&self.part_appends)
            .bind(&self.part_streams)
            .bind(&self.part_expected)
            .bind(&self.part_events)
            .bind(&self.event_parts);
        self.events.bind(query).bind(now.as_micros())
    }
}
