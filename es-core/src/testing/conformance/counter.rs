//! `Counter`: the smallest aggregate, for the points that need a repository.

use std::borrow::Cow;
use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Context, Decision, EventKind, Events, IdOf, accept};
use crate::codec::{Codec, Json, Payload, PayloadError};
use crate::evolution::DecodeError;
use crate::model::AggregateModel;
use crate::snapshot::SnapshotPolicy;

/// Counts, and knows what it was given last.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq)]
pub(super) struct Counter {
    pub(super) sum: u64,
    pub(super) last: u64,
}

/// The command, the event: add so many.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub(super) struct Add(pub(super) u64);

impl crate::aggregate::IntoEvents<Counter> for Add {
    fn append_to(self, events: &mut Events<Counter>) {
        events.push(self);
    }
}

impl IdOf<Counter> for String {
    fn id_text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl Aggregate for Counter {
    type Id = String;
    type Command = Add;
    type Event = Add;
    type Error = Infallible;
    type Codec = Json;

    const NAME: &'static str = "counter";
    const MODEL: AggregateModel = AggregateModel::new("counter", "", &[], &[], &[], &[]);
    const SNAPSHOT: Option<SnapshotPolicy> = Some(SnapshotPolicy::new(1_000_000, 2));

    fn initial() -> Self {
        Self::default()
    }

    fn copy(&self) -> Self {
        self.clone()
    }

    fn handle_command(&self, command: Add, _: &Context) -> Decision<Self> {
        accept(command)
    }

    fn apply_event(&mut self, event: &Add) {
        self.sum += event.0;
        self.last = event.0;
    }

    fn encode_event(event: &Add, bytes: &mut Vec<u8>) -> Result<EventKind, crate::BoxError> {
        Json::encode(event, bytes)?;
        Ok(EventKind { name: "added", version: 1 })
    }

    fn decode_event_by<C: Codec>(_: usize, version: u32, payload: &Payload<'_>) -> Result<Events<Self>, DecodeError> {
        let event = payload.read::<C, Add>();
        event.map(Events::one).map_err(|source| DecodeError::Payload { name: "added".to_owned(), version, source })
    }

    fn resolve(_: &str) -> Result<usize, DecodeError> {
        Ok(0)
    }

    fn encode_state(&self, bytes: &mut Vec<u8>) -> Result<(), crate::BoxError> {
        Json::encode(self, bytes)
    }

    fn decode_state(payload: Payload<'_>) -> Result<Self, PayloadError> {
        payload.read::<Json, Self>()
    }
}
