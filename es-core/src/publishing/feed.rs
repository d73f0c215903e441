//! `Feed`: the projection that fills an outbox.

use std::future::ready;
use std::marker::PhantomData;

use super::{OutboxMessage, OutboxStore, PublicEvents, Publish, Published, PublishedBy};
use crate::BoxError;
use crate::event::Recorded;
use crate::projection::{BoxFuture, OneByOne, Projected, ProjectedBy, Projection, Routes};

/// Fills the outbox of a publication: a projection whose read model are messages.
#[derive(Debug)]
pub struct Feed<P, S> {
    publication: P,
    of: PhantomData<fn() -> S>,
}

impl<P: Publish, S: OutboxStore> Feed<P, S> {
    pub(crate) const fn new(publication: P) -> Self {
        Self { publication, of: PhantomData }
    }

    pub(super) const fn publication(&self) -> &P {
        &self.publication
    }
}

/// Makes the messages of an event.
pub(super) fn messages<P: Publish, E>(
    recorded: &Recorded<E>,
    make: impl FnOnce(&Recorded<E>, &mut PublicEvents) -> Published,
) -> Result<Vec<OutboxMessage>, BoxError> {
    let mut events = PublicEvents::default();
    make(recorded, &mut events)?;
    events.into_messages(P::SOURCE, recorded)
}

/// Puts messages into the outbox.
pub(super) fn put<P: Publish, S: OutboxStore>(
    messages: Result<Vec<OutboxMessage>, BoxError>,
    tx: &mut S::Tx,
) -> BoxFuture<'_, Projected> {
    match messages {
        Err(error) => Box::pin(ready(Err(error))),
        Ok(messages) if messages.is_empty() => Box::pin(ready(Ok(()))),
        Ok(messages) => Box::pin(async move { Ok(S::put(tx, P::NAME, &messages).await?) }),
    }
}

impl<P: Publish, S: OutboxStore, E: PublishedBy<P>> ProjectedBy<Feed<P, S>> for E {}

impl<P: Publish, S: OutboxStore> Projection for Feed<P, S> {
    type Store = S;
    type Event = OneByOne;

    const NAME: &'static str = P::FEED;
    // What is in the outbox stays as it was made, whatever the publication makes of later events.
    const VERSION: u32 = 1;

    fn routes() -> Routes<Self> {
        P::routes::<S>()
    }

    fn create_model<'a>(&'a mut self, _: &'a mut S::Tx) -> BoxFuture<'a, Projected> {
        Box::pin(ready(Ok(())))
    }

    fn reset_model<'a>(&'a mut self, tx: &'a mut S::Tx) -> BoxFuture<'a, Projected> {
        // What the publication makes no more would stay otherwise, and be sent.
        Box::pin(async move { Ok(S::clear(tx, P::NAME).await?) })
    }
}
