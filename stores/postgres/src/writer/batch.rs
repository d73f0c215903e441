//! `Batch`: appends as the arrays that the function `append` of the schema takes.

use std::borrow::Cow;
use std::collections::HashMap;

use es_core::{Append, ExpectedVersion, Metadata, NewEvent, StreamAppend, StreamId, Timestamp};
use serde::de::IgnoredAny;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;
use uuid::Uuid;

use super::kinds::{KindNumbers, NewKind};
use crate::reader::as_integer;

/// The format of payloads that are kept as JSON.
const JSON: &str = "json";

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
    event_ids: Vec<Uuid>,
    event_kinds: Vec<i32>,
    event_payloads: Column<&'a str>,
    event_bytes: Column<&'a [u8]>,
    event_actors: Column<&'a str>,
    event_commands: Column<Uuid>,
    event_correlations: Column<Uuid>,
    event_causations: Column<Uuid>,
    event_extras: Column<Cow<'a, str>>,
}

/// A column that may have nothing at all: then nothing of it is sent.
#[derive(Debug)]
struct Column<T>(Vec<Option<T>>);

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Column<T> {
    /// Sets the value in row `row`; those before it that were not set are null.
    fn set(&mut self, row: usize, value: Option<T>) {
        if value.is_some() {
            self.0.resize_with(row, || None);
            self.0.push(value);
        }
    }
}

/// A number of something in a batch, from 1.
fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The kinds of the events that have no number yet, each once.
pub(super) fn new_kinds<'a>(appends: impl Iterator<Item = &'a Append>, known: &KindNumbers) -> Vec<NewKind<'a>> {
    let mut new = Vec::new();
    for StreamAppend { stream, events, .. } in appends.flat_map(|append| &append.streams) {
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
                batch.part_expected.push(match expected {
                    ExpectedVersion::Any => None,
                    ExpectedVersion::NoStream => Some(0),
                    ExpectedVersion::Exact(version) => Some(as_integer(*version)),
                });
                batch.part_events.push(number(events.len()));
                for event in events {
                    let kind = kinds.get(NewKind::of(stream.aggregate(), event)).unwrap_or(0);
                    batch.event(event, kind);
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

    fn event(&mut self, event: &'a NewEvent, kind: i32) {
        let row = self.event_ids.len();
        let Metadata { actor, command_id, correlation_id, causation_id, extra } = &*event.metadata;
        self.event_parts.push(number(self.part_streams.len()));
        self.event_ids.push(event.id.as_uuid());
        self.event_kinds.push(kind);
        match as_json(event) {
            Some(text) => self.event_payloads.set(row, Some(text)),
            None => self.event_bytes.set(row, Some(&event.payload)),
        }
        // A text of PostgreSQL cannot have this character, JSON can.
        let hidden = actor.as_deref().filter(|actor| actor.contains('\0'));
        self.event_actors.set(row, actor.as_deref().filter(|_| hidden.is_none()));
        self.event_commands.set(row, command_id.map(|id| id.as_uuid()));
        self.event_correlations.set(row, correlation_id.map(|id| id.as_uuid()));
        self.event_causations.set(row, causation_id.map(|id| id.as_uuid()));
        let extra = match hidden {
            Some(actor) => Some(serde_json::json!([actor, extra]).to_string()),
            None if extra.is_empty() => None,
            None => Some(serde_json::json!(extra).to_string()),
        };
        self.event_extras.set(row, extra.map(Cow::Owned));
    }

    pub(super) fn has_events(&self) -> bool {
        !self.event_ids.is_empty()
    }

    /// Gives the columns to the statement that calls `append`.
    pub(super) fn bind<'q>(
        &'q self,
        query: Query<'q, Postgres, PgArguments>,
        now: Timestamp,
    ) -> Query<'q, Postgres, PgArguments> {
        query
            .bind(&self.stream_aggregates)
            .bind(&self.stream_ids)
            .bind(&self.part_appends)
            .bind(&self.part_streams)
            .bind(&self.part_expected)
            .bind(&self.part_events)
            .bind(&self.event_parts)
            .bind(&self.event_ids)
            .bind(&self.event_kinds)
            .bind(&self.event_payloads.0)
            .bind(&self.event_bytes.0)
            .bind(&self.event_actors.0)
            .bind(&self.event_commands.0)
            .bind(&self.event_correlations.0)
            .bind(&self.event_causations.0)
            .bind(&self.event_extras.0)
            .bind(now.as_micros())
    }
}

/// The payload as the text that the type `json` of PostgreSQL takes. What it would not take is kept as bytes, whatever
/// its format is called: it comes back as it was.
fn as_json(event: &NewEvent) -> Option<&str> {
    if event.format != JSON {
        return None;
    }
    let text = std::str::from_utf8(&event.payload).ok()?;
    serde_json::from_str::<IgnoredAny>(text).ok().map(|_| text)
}
