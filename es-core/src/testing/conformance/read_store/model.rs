//! `Model`: the projection of the suite, of events that say how much is to be added.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::ReadHarness;
use crate::BoxError;
use crate::aggregate::{Aggregate, Context, Decision, EventKind, EventOf, Events, IdOf, accept};
use crate::codec::{Codec, Json, Payload};
use crate::event::{Event, EventId, Position, Recorded, StreamId};
use crate::evolution::DecodeError;
use crate::journal::{Append, ExpectedVersion, Journal, MemoryStore, NewEvent};
use crate::model::{AggregateModel, EventModel};
use crate::projection::{
    BoxFuture, OfAggregate, OneByOne, Project, Projected, ProjectedBy, Projection, ReadModel, ReadStore, Routes, TxOf,
};

/// The event: so much was added.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub(in crate::testing::conformance) struct Added(pub(in crate::testing::conformance) i64);

impl Event for Added {
    const MODEL: EventModel = EventModel::new("added", &[], "Added", "", 1, 1, &[]);

    fn decode<C: Codec>(version: u32, payload: &Payload<'_>) -> Result<Self, DecodeError> {
        let read = payload.read::<C, Self>();
        read.map_err(|source| DecodeError::Payload { name: "added".to_owned(), version, source })
    }
}

/// The aggregate that such events are of; nothing is asked of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::testing::conformance) struct Sum;

impl EventOf<Sum> for Added {}

impl crate::aggregate::IntoEvents<Sum> for Added {
    fn append_to(self, events: &mut Events<Sum>) {
        events.push(self);
    }
}

impl IdOf<Sum> for String {
    fn id_text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl Aggregate for Sum {
    type Id = String;
    type Command = Added;
    type Event = Added;
    type Error = Infallible;
    type Codec = Json;

    const NAME: &'static str = "sum";
    const MODEL: AggregateModel = AggregateModel::new("sum", "", &[], &[], &[&Added::MODEL], &[]);

    fn initial() -> Self {
        Self
    }

    fn copy(&self) -> Self {
        Self
    }

    fn handle_command(&self, command: Added, _: &Context) -> Decision<Self> {
        accept(command)
    }

    fn apply_event(&mut self, _: &Added) {}

    fn encode_event(event: &Added, bytes: &mut Vec<u8>) -> Result<EventKind, BoxError> {
        Json::encode(event, bytes)?;
        Ok(EventKind { name: "added", version: 1 })
    }

    fn decode_event_by<C: Codec>(_: usize, version: u32, payload: &Payload<'_>) -> Result<Events<Self>, DecodeError> {
        Added::decode::<C>(version, payload).map(Events::one)
    }
}

/// The journal of the suite is the one in memory.
pub(in crate::testing::conformance) async fn add(journal: &MemoryStore, stream: &str, by: i64) -> Position {
    let event = NewEvent {
        id: EventId::new(),
        name: "added".into(),
        version: 1,
        format: "json".into(),
        payload: by.to_string().into_bytes(),
        metadata: Arc::default(),
    };
    let stream = StreamId::new("sum", stream).expect("a stream that can be");
    let append = Append::to_stream(stream, ExpectedVersion::Any, vec![event]);
    journal.append(append).await.expect("the journal in memory takes it").position
}

/// Some events in three streams.
pub(in crate::testing::conformance) async fn filled(count: i64) -> MemoryStore {
    let journal = MemoryStore::new();
    for by in 0..count {
        add(&journal, ["alice", "bob", "carol"][usize::try_from(by % 3).unwrap_or(0)], by).await;
    }
    journal
}

/// The sum of each stream; and of each event, as which one it was projected.
pub(in crate::testing::conformance) struct Model<H, const VERSION: u32 = 1> {
    /// Streams whose events fail.
    pub(super) failing: Arc<Mutex<BTreeSet<String>>>,
    /// Whether they panic.
    pub(super) panics: bool,
    of: PhantomData<fn() -> H>,
}

impl<H, const VERSION: u32> Model<H, VERSION> {
    pub(super) fn new() -> Self {
        Self::failing(Arc::default(), false)
    }

    pub(super) fn failing(failing: Arc<Mutex<BTreeSet<String>>>, panics: bool) -> Self {
        Self { failing, panics, of: PhantomData }
    }
}

impl<H: ReadHarness, const VERSION: u32> ReadModel for Model<H, VERSION> {
    async fn create(&mut self, tx: &mut <H::Store as ReadStore>::Tx) -> Projected {
        H::create_table(tx).await?;
        H::set(tx, "version", VERSION.into()).await
    }

    async fn reset(&mut self, tx: &mut <H::Store as ReadStore>::Tx) -> Projected {
        H::drop_table(tx).await
    }
}

impl<H: ReadHarness, const VERSION: u32> Project<Added> for Model<H, VERSION> {
    async fn project(&mut self, recorded: &Recorded<Added>, tx: &mut <H::Store as ReadStore>::Tx) -> Projected {
        let sum = format!("sum of {}", recorded.stream.id());
        let before = H::get(tx, &sum).await?.unwrap_or(0);
        H::set(tx, &sum, before + recorded.event.0).await?;
        if recorded.position.number.is_multiple_of(7) {
            // Here it may end, between two statements.
            tokio::task::yield_now().await;
        }
        let count = H::get(tx, "count").await?.unwrap_or(0) + 1;
        H::set(tx, "count", count).await?;
        let event = format!("event {}", recorded.position);
        if let Some(earlier) = H::get(tx, &event).await? {
            return Err(format!("{event} was projected before, as number {earlier}").into());
        }
        H::set(tx, &event, count).await?;
        if self.failing.lock().unwrap_or_else(PoisonError::into_inner).contains(recorded.stream.id()) {
            assert!(!self.panics, "{} panics", recorded.stream);
            return Err(format!("{} fails", recorded.stream).into());
        }
        Ok(())
    }
}

impl<H: ReadHarness, const VERSION: u32> ProjectedBy<Model<H, VERSION>> for Added {}

impl<H: ReadHarness, const VERSION: u32> Projection for Model<H, VERSION> {
    type Store = H::Store;
    type Event = OneByOne;

    const NAME: &'static str = "model";
    const VERSION: u32 = VERSION;

    fn routes() -> Routes<Self> {
        let mut routes = Routes::new();
        <Added as OfAggregate<Sum>>::route_each(&mut routes, <Self as Project<Added>>::boxed);
        routes
    }

    fn create_model<'a>(&'a mut self, tx: &'a mut TxOf<Self>) -> BoxFuture<'a, Projected> {
        self.boxed_create(tx)
    }

    fn reset_model<'a>(&'a mut self, tx: &'a mut TxOf<Self>) -> BoxFuture<'a, Projected> {
        self.boxed_reset(tx)
    }
}

/// Checks that the read model shows the first `count` events of [`filled`], each projected once and in order.
pub(in crate::testing::conformance) async fn shows<H: ReadHarness>(place: &H, store: &H::Store, count: i64) {
    let table = place.table(store).await.expect("the table is there");
    assert_eq!(table.get("count").copied().unwrap_or(0), count);
    for number in 1..=count {
        assert_eq!(table.get(&format!("event {number}")), Some(&number), "of {count} events");
    }
    for (start, stream) in (0..).zip(["alice", "bob", "carol"]) {
        let sum = (start..count).step_by(3).sum::<i64>();
        assert_eq!(table.get(&format!("sum of {stream}")).copied().unwrap_or(0), sum, "{stream}");
    }
}
