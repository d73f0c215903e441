//! `Whole`: where all events of an aggregate go.

use std::marker::PhantomData;

use super::routes::{BatchFn, EachFn, recorded};
use super::{BoxFuture, Projected, Projection, TxOf};
use crate::aggregate::{Aggregate, Events};
use crate::event::Recorded;
use crate::evolution::DecodeError;
use crate::journal::RawEvent;

/// Where all events of an aggregate go.
pub(super) struct Whole<P: Projection> {
    pub(super) aggregate: &'static str,
    target: Target<P>,
}

enum Target<P: Projection> {
    Each(Box<dyn Each<P>>),
    Batch(Box<dyn Batch<P>>),
}

impl<P: Projection> Whole<P> {
    pub(super) fn each<A: Aggregate>(project: EachFn<P, A::Event>) -> Self {
        let decoder = Decoder::<A, _> { make: project, of: PhantomData };
        Self { aggregate: A::NAME, target: Target::Each(Box::new(decoder)) }
    }

    pub(super) fn batch<A: Aggregate>(variant: BatchFn<P, A::Event>) -> Self {
        let decoder = Decoder::<A, _> { make: variant, of: PhantomData };
        Self { aggregate: A::NAME, target: Target::Batch(Box::new(decoder)) }
    }

    /// Projects an event by itself.
    pub(super) async fn project(&self, projection: &mut P, raw: &RawEvent<'_>, tx: &mut TxOf<P>) -> Projected {
        match &self.target {
            Target::Each(each) => each.project(projection, raw, tx).await,
            Target::Batch(_) => {
                let mut events = Vec::new();
                self.collect(raw, &mut events)?;
                if events.is_empty() {
                    // It was retired, and stands for nothing today.
                    return Ok(());
                }
                projection.project_events(&events, tx).await
            }
        }
    }

    /// Adds an event to those of a batch.
    pub(super) fn collect(&self, raw: &RawEvent<'_>, events: &mut Vec<Recorded<P::Event>>) -> Result<(), DecodeError> {
        match &self.target {
            Target::Each(_) => Ok(()),
            Target::Batch(batch) => batch.collect(raw, events),
        }
    }
}

/// Decodes all events of the aggregate `A`, and makes something of them.
struct Decoder<A, F> {
    make: F,
    of: PhantomData<fn() -> A>,
}

trait Each<P: Projection>: Send + Sync {
    fn project<'a>(
        &'a self,
        projection: &'a mut P,
        raw: &'a RawEvent<'_>,
        tx: &'a mut TxOf<P>,
    ) -> BoxFuture<'a, Projected>;
}

impl<A: Aggregate, P: Projection> Each<P> for Decoder<A, EachFn<P, A::Event>> {
    fn project<'a>(
        &'a self,
        projection: &'a mut P,
        raw: &'a RawEvent<'_>,
        tx: &'a mut TxOf<P>,
    ) -> BoxFuture<'a, Projected> {
        Box::pin(async move {
            for (event, index) in decode_whole::<A>(raw)?.into_iter().zip(0..) {
                (self.make)(projection, recorded(event, raw, index), tx).await?;
            }
            Ok(())
        })
    }
}

trait Batch<P: Projection>: Send + Sync {
    fn collect(&self, raw: &RawEvent<'_>, events: &mut Vec<Recorded<P::Event>>) -> Result<(), DecodeError>;
}

impl<A: Aggregate, P: Projection> Batch<P> for Decoder<A, BatchFn<P, A::Event>> {
    fn collect(&self, raw: &RawEvent<'_>, events: &mut Vec<Recorded<P::Event>>) -> Result<(), DecodeError> {
        let decoded = decode_whole::<A>(raw)?.into_iter().zip(0..);
        events.extend(decoded.map(|(event, index)| recorded((self.make)(event), raw, index)));
        Ok(())
    }
}

/// The current events that an event of the journal stands for.
pub(super) fn decode_whole<A: Aggregate>(raw: &RawEvent<'_>) -> Result<Events<A>, DecodeError> {
    A::decode_event(A::resolve(raw.name)?, raw.event_version, &raw.payload)
}
