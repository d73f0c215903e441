//! Testing what is published, without a store and without a receiver.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::memory_outbox::MemoryOutbox;
use crate::BoxError;
use crate::aggregate::{Aggregate, Events, IntoEvents};
use crate::codec::{Codec, Payload};
use crate::event::{EventId, Metadata, Position, StreamId, Timestamp};
use crate::journal::RawEvent;
use crate::projection::{Ended, ReadStore, Work, at_once};
use crate::publishing::{Feed, OutboxMessage, Publish, PublishError, Publisher};

/// What others are told of `events` of the aggregate `A` with this id: the messages that a relay would send, in order.
///
/// The events are written and read as in a journal, from version 1 on, with ids of their own and the time now.
///
/// ```
/// # use es_core::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)] pub struct Increased { by: u64 }
/// # #[derive(Command, Debug, Clone)] pub struct Increase;
/// # #[derive(Aggregate, Debug, Default, Clone)]
/// # #[aggregate(commands(Increase), events(Increased(ignored)), error = std::convert::Infallible)]
/// # pub struct Account;
/// # impl Handle<Increase> for Account {
/// #     fn handle(&self, _: Increase, _: &Context) -> Decision<Self> { accept(Increased { by: 1 }) }
/// # }
/// # #[derive(Serialize, Deserialize, Debug, PartialEq)] pub struct MoneyIn { cents: u64 }
/// # impl PublicEvent for MoneyIn { const NAME: &'static str = "com.example.bank.money-in"; }
/// # #[derive(Publish)] #[publish(source = "/bank", events(Increased))] pub struct BankNews;
/// # impl ToPublic<Increased> for BankNews {
/// #     fn to_public(&self, recorded: &Recorded<Increased>, news: &mut PublicEvents) -> Published {
/// #         news.add(MoneyIn { cents: recorded.event.by * 100 })
/// #     }
/// # }
/// let told = es_core::testing::published::<Account, _>(BankNews, "alice", Increased { by: 3 })?;
/// assert_eq!(told[0].event_type, "com.example.bank.money-in.v1");
/// assert_eq!(told[0].data::<MoneyIn>()?, MoneyIn { cents: 300 });
/// # Ok::<(), BoxError>(())
/// ```
///
/// # Errors
///
/// What the publication says.
pub fn published<A: Aggregate, P: Publish>(
    publication: P,
    id: &str,
    events: impl IntoEvents<A>,
) -> Result<Vec<OutboxMessage>, BoxError> {
    let stream = StreamId::new(A::NAME, id)?;
    let mut feed = Feed::<P, MemoryOutbox>::new(publication);
    let routes = P::routes::<MemoryOutbox>();
    let filter = routes.filter();
    let events = Events::<A>::from(events);
    let work: Work<_, Result<Vec<OutboxMessage>, BoxError>> = Box::new(move |tx| {
        Box::pin(async move {
            let mut project = async || {
                for (event, number) in events.iter().zip(1..) {
                    let mut bytes = Vec::new();
                    let kind = A::encode_event(event, &mut bytes)?;
                    if !filter.lets_through(A::NAME, kind.name) {
                        continue;
                    }
                    let raw = RawEvent {
                        id: EventId::new(),
                        stream: &stream,
                        version: number,
                        position: Position::new(number),
                        recorded_at: Timestamp::now(),
                        name: kind.name,
                        event_version: kind.version,
                        payload: Payload { format: A::Codec::FORMAT, bytes: &bytes },
                        metadata: &Arc::new(Metadata::default()),
                    };
                    routes.begin().project(&mut feed, &raw, tx).await?;
                }
                Ok(tx.ready(P::NAME))
            };
            Ended::RollBack(project().await)
        })
    });
    at_once(MemoryOutbox::new().transact(work))??
}

/// Decides which messages fail.
type Fails = Box<dyn FnMut(&OutboxMessage) -> Option<PublishError> + Send>;

/// A publisher that keeps what it gets, and fails when it is told to. Clones are the same publisher.
#[derive(Clone, Default)]
pub struct TestPublisher(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    sent: Vec<OutboxMessage>,
    fails: Option<Fails>,
}

impl TestPublisher {
    /// Makes one that takes all.
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has messages fail for which `fails` gives an error, from now on.
    pub fn fail_when(&self, fails: impl FnMut(&OutboxMessage) -> Option<PublishError> + Send + 'static) {
        self.state().fails = Some(Box::new(fails));
    }

    /// Has no message fail from now on.
    #[inline]
    pub fn succeed(&self) {
        self.state().fails = None;
    }

    /// The messages that it took, in order.
    #[inline]
    pub fn sent(&self) -> Vec<OutboxMessage> {
        self.state().sent.clone()
    }
}

impl fmt::Debug for TestPublisher {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestPublisher").field("sent", &self.state().sent).finish_non_exhaustive()
    }
}

impl Publisher for TestPublisher {
    #[inline]
    async fn send(&self, message: &OutboxMessage) -> Result<(), PublishError> {
        let mut state = self.state();
        if let Some(error) = state.fails.as_mut().and_then(|fails| fails(message)) {
            return Err(error);
        }
        state.sent.push(message.clone());
        Ok(())
    }
}
