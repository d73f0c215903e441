//! The columns of events, as arrays.

use es_core::{EventId, ExpectedVersion, Metadata, Payload};
use serde::de::IgnoredAny;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;
use uuid::Uuid;

use crate::reader::as_integer;

/// The format of payloads that are kept as JSON.
const JSON: &str = "json";

/// What is the same for all events that are written. Columns that have nothing at all are sent as empty arrays.
#[derive(Debug, Default)]
pub(super) struct EventColumns<'a> {
    ids: Vec<Uuid>,
    kinds: Vec<i32>,
    payloads: Column<&'a str>,
    bytes: Column<&'a [u8]>,
    actors: Column<&'a str>,
    commands: Column<Uuid>,
    correlations: Column<Uuid>,
    causations: Column<Uuid>,
    extras: Column<String>,
}

/// A column in which there may be nothing at all.
#[derive(Debug)]
struct Column<T>(Vec<Option<T>>);

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Column<T> {
    fn first(&self) -> Option<&T> {
        self.0.first()?.as_ref()
    }

    /// Sets the value in row `row`; those before it that were not set are null.
    fn set(&mut self, row: usize, value: Option<T>) {
        if value.is_some() {
            self.0.resize_with(row, || None);
            self.0.push(value);
        }
    }
}

impl<'a> EventColumns<'a> {
    pub(super) fn push(&mut self, id: EventId, kind: i32, payload: Payload<'a>, metadata: &'a Metadata) {
        let row = self.ids.len();
        let Metadata { actor, command_id, correlation_id, causation_id, extra } = metadata;
        self.ids.push(id.as_uuid());
        self.kinds.push(kind);
        match as_json(payload) {
            Some(text) => self.payloads.set(row, Some(text)),
            None => self.bytes.set(row, Some(payload.bytes)),
        }
        // A text of PostgreSQL cannot have this character, JSON can.
        let hidden = actor.as_deref().filter(|actor| actor.contains('\0'));
        self.actors.set(row, actor.as_deref().filter(|_| hidden.is_none()));
        self.commands.set(row, command_id.map(|id| id.as_uuid()));
        self.correlations.set(row, correlation_id.map(|id| id.as_uuid()));
        self.causations.set(row, causation_id.map(|id| id.as_uuid()));
        let extra = match hidden {
            Some(actor) => Some(serde_json::json!([actor, extra]).to_string()),
            None if extra.is_empty() => None,
            None => Some(serde_json::json!(extra).to_string()),
        };
        self.extras.set(row, extra);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Gives the columns to a statement, in the order in which they stand.
    pub(super) fn bind<'q>(&'q self, query: Query<'q, Postgres, PgArguments>) -> Query<'q, Postgres, PgArguments> {
        query
            .bind(&self.ids)
            .bind(&self.kinds)
            .bind(&self.payloads.0)
            .bind(&self.bytes.0)
            .bind(&self.actors.0)
            .bind(&self.commands.0)
            .bind(&self.correlations.0)
            .bind(&self.causations.0)
            .bind(&self.extras.0)
    }

    /// Gives the only event to a statement that is for one, in the same order.
    pub(super) fn bind_one<'q>(&'q self, query: Query<'q, Postgres, PgArguments>) -> Query<'q, Postgres, PgArguments> {
        query
            .bind(self.ids.first())
            .bind(self.kinds.first())
            .bind(self.payloads.first())
            .bind(self.bytes.first())
            .bind(self.actors.first())
            .bind(self.commands.first())
            .bind(self.correlations.first())
            .bind(self.causations.first())
            .bind(self.extras.first())
    }
}

/// The version that a stream is expected to have; `None` where it may have any.
pub(super) fn expected_version(expected: ExpectedVersion) -> Option<i64> {
    match expected {
        ExpectedVersion::Any => None,
        ExpectedVersion::NoStream => Some(0),
        ExpectedVersion::Exact(version) => Some(as_integer(version)),
    }
}

/// The payload as the text that the type `json` of PostgreSQL takes. What it would not take is kept as bytes, whatever
/// its format is called: it comes back as it was.
fn as_json(payload: Payload<'_>) -> Option<&str> {
    if payload.format != JSON {
        return None;
    }
    let text = std::str::from_utf8(payload.bytes).ok()?;
    serde_json::from_str::<IgnoredAny>(text).ok().map(|_| text)
}
