//! `Feed`: the projection that fills an outbox.

use std::future::ready;
use std::marker::PhantomData;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{OutboxMessage, OutboxStore, PublicEvents, Publish, Published, PublishedBy};
use crate::BoxError;
use crate::event::Recorded;
use crate::projection::{BoxFuture, OneByOne, Projected, ProjectedBy, Projection, Routes};

/// Fills the outbox of a publication: a projection whose read model are messages.
#[derive(Debug)]
pub struct Feed<P, S> {
    publication: P,
    pub(super) made: Made,
    /// Whether the outbox was emptied, and nothing was put into it since.
    is_emptied: bool,
    of: PhantomData<fn() -> S>,
}

/// Counts how often the messages of an outbox were made anew, for the one who sends them: what was in hand then was another
/// one than what is there, however alike they are.
///
/// It has counted before anything that is made anew is committed, and after the emptying was.
#[derive(Debug, Clone, Default)]
pub(super) struct Made(Arc<AtomicU64>);

impl Made {
    pub(super) fn times(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn anew(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl<P: Publish, S: OutboxStore> Feed<P, S> {
    pub(crate) fn new(publication: P) -> Self {
        Self { publication, made: Made::default(), is_emptied: false, of: PhantomData }
    }

    pub(super) const fn publication(&self) -> &P {
        &self.publication
    }

    /// Puts messages into the outbox.
    pub(super) fn put<'a>(
        &mut self,
        messages: Result<Vec<OutboxMessage>, BoxError>,
        tx: &'a mut S::Tx,
    ) -> BoxFuture<'a, Projected> {
        match messages {
            Err(error) => Box::pin(ready(Err(error))),
            Ok(messages) if messages.is_empty() => Box::pin(ready(Ok(()))),
            Ok(messages) => {
                if mem::take(&mut self.is_emptied) {
                    self.made.anew();
                }
                Box::pin(async move { Ok(S::put(tx, P::NAME, &messages).await?) })
            }
        }
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
        self.is_emptied = true;
        // What the publication makes no more would stay otherwise, and be sent.
        Box::pin(async move { Ok(S::clear(tx, P::NAME).await?) })
    }
}
