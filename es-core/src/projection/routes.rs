//! `Routes`: which events a projection wants, and where each goes.

use std::any::{Any, TypeId};
use std::marker::PhantomData;

use super::futures::caught;
use super::whole::{Whole, decode_whole};
use super::{BoxFuture, Projected, ProjectedBy, Projection, ReadStore, TxOf};
use crate::BoxError;
use crate::aggregate::{Aggregate, EventOf};
use crate::event::Recorded;
use crate::evolution::DecodeError;
use crate::journal::{Filter, RawEvent};
use crate::model::EventModel;
use crate::reaction::{ReactFn, ReactedBy, Reaction, Reactions, WakeFn};

/// The events of a projection, and where each goes. Made by the derive.
pub struct Routes<P: Projection> {
    current: Vec<Route<P>>,
    /// The aggregates all of whose events are wanted. None of them has a route of its own.
    whole: Vec<Whole<P>>,
    /// One for each aggregate that has retired events.
    retired: Vec<Retired>,
}

/// A function that projects an event.
pub(crate) type EachFn<P, E> = for<'a> fn(&'a mut P, Recorded<E>, &'a mut TxOf<P>) -> BoxFuture<'a, Projected>;
/// A function that makes an event one of a batch.
pub(crate) type BatchFn<P, E> = fn(E) -> <P as Projection>::Event;

/// An event of any type.
pub(crate) type AnyEvent = Box<dyn Any + Send>;
/// An event that a retired one became, its index among them, and where it goes.
type Became<'r, P> = (u32, AnyEvent, &'r Route<P>);

/// Where the events of one type go.
struct Route<P: Projection> {
    aggregate: &'static str,
    model: &'static EventModel,
    event_type: TypeId,
    target: Target<P>,
}

enum Target<P: Projection> {
    Each(Box<dyn Each<P>>),
    Batch(Box<dyn Batch<P>>),
}

/// What the retired events of an aggregate are today, each of a type that a route may have.
pub(crate) struct Retired {
    aggregate: &'static str,
    models: &'static [&'static EventModel],
    decode: fn(&RawEvent<'_>) -> Result<Vec<AnyEvent>, DecodeError>,
}

/// Says that `Self` is an event of some aggregate `A`, where a projection lists it.
#[diagnostic::on_unimplemented(
    message = "no such aggregate lists the event `{Self}`, so it is in no journal",
    label = "not in `events(..)` of an aggregate, or not of the one that is named here",
    note = "list it in `events(..)` in `#[aggregate(..)]` of the aggregate that records it"
)]
pub trait OfAggregate<A>: Sized {
    /// The name of the aggregate.
    #[doc(hidden)]
    const AGGREGATE: &'static str;

    /// Has events of this type projected by `project`.
    #[doc(hidden)]
    fn route_each<P: Projection>(routes: &mut Routes<P>, project: EachFn<P, Self>)
    where
        Self: ProjectedBy<P>;

    /// Has events of this type collected for a batch.
    #[doc(hidden)]
    fn route_batch<P: Projection>(routes: &mut Routes<P>, variant: BatchFn<P, Self>)
    where
        Self: ProjectedBy<P>;

    /// Has events of this type reacted to by `react`, and their timers by `wake`.
    #[doc(hidden)]
    fn route_reaction<R: Reaction>(reactions: &mut Reactions<R>, react: ReactFn<R, Self>, wake: WakeFn<R, Self>)
    where
        Self: ReactedBy<R>;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate, E: EventOf<A> + Send + Sync + 'static> OfAggregate<A> for E {
    const AGGREGATE: &'static str = A::NAME;

    fn route_each<P: Projection>(routes: &mut Routes<P>, project: EachFn<P, E>)
    where
        E: ProjectedBy<P>,
    {
        routes.add::<A, E>(Target::Each(Box::new(Decoder::<A, E, _> { make: project, of: PhantomData })));
    }

    fn route_batch<P: Projection>(routes: &mut Routes<P>, variant: BatchFn<P, E>)
    where
        E: ProjectedBy<P>,
    {
        routes.add::<A, E>(Target::Batch(Box::new(Decoder::<A, E, _> { make: variant, of: PhantomData })));
    }

    fn route_reaction<R: Reaction>(reactions: &mut Reactions<R>, react: ReactFn<R, E>, wake: WakeFn<R, E>)
    where
        E: ReactedBy<R>,
    {
        reactions.add::<A, E>(react, wake);
    }
}

impl<P: Projection> Routes<P> {
    /// No routes.
    #[expect(clippy::new_without_default, reason = "a projection without events is a mistake")]
    pub const fn new() -> Self {
        Self { current: Vec::new(), whole: Vec::new(), retired: Vec::new() }
    }

    /// Has all events of the aggregate `A` projected by `project`.
    #[doc(hidden)]
    pub fn all_each<A: Aggregate>(&mut self, project: EachFn<P, A::Event>) {
        self.whole.push(Whole::each::<A>(project));
    }

    /// Has all events of the aggregate `A` collected for a batch.
    #[doc(hidden)]
    pub fn all_batch<A: Aggregate>(&mut self, variant: BatchFn<P, A::Event>) {
        self.whole.push(Whole::batch::<A>(variant));
    }

    fn add<A: Aggregate, E: EventOf<A> + 'static>(&mut self, target: Target<P>) {
        self.current.push(Route { aggregate: A::NAME, model: E::EVENT, event_type: TypeId::of::<E>(), target });
        Retired::add::<A>(&mut self.retired);
    }

    /// What the journal is asked for: the listed events by all their names, and the retired ones that may be one of
    /// them today. Of an aggregate all of whose events are wanted, those that the program does not know as well: they
    /// are an error, and not passed over.
    pub fn filter(&self) -> Filter {
        let current = self.current.iter().map(|route| (route.aggregate, route.model));
        let listed = filter_of(current, &self.retired);
        self.whole.iter().fold(listed, |filter, whole| filter.aggregate(whole.aggregate))
    }

    /// Begins to give events out.
    pub(crate) const fn begin(&self) -> Dispatch<'_, P> {
        Dispatch { routes: self, last: None }
    }

    fn of_name(&self, aggregate: &str, name: &str) -> Option<&Route<P>> {
        self.current.iter().find(|route| route.model.has_name(name) && route.aggregate == aggregate)
    }

    fn whole(&self, aggregate: &str) -> Option<&Whole<P>> {
        self.whole.iter().find(|whole| whole.aggregate == aggregate)
    }

    fn of_type(&self, aggregate: &str, event_type: TypeId) -> Option<&Route<P>> {
        self.current.iter().find(|route| route.event_type == event_type && route.aggregate == aggregate)
    }

    /// What a retired event is today, each with its index and its route; those that are not listed are left out.
    fn of_retired(&self, raw: &RawEvent<'_>) -> Result<Vec<Became<'_, P>>, DecodeError> {
        let aggregate = raw.stream.aggregate();
        let events = Retired::decode(&self.retired, raw)?.into_iter().zip(0..);
        let routed = events.filter_map(|(event, index)| {
            let route = self.of_type(aggregate, (*event).type_id())?;
            Some((index, event, route))
        });
        Ok(routed.collect())
    }
}

/// The events of these names, and the retired ones that may be one of them today.
pub(crate) fn filter_of(
    current: impl Iterator<Item = (&'static str, &'static EventModel)>,
    retired: &[Retired],
) -> Filter {
    let retired = retired.iter().flat_map(|retired| retired.models.iter().map(|model| (retired.aggregate, *model)));
    current.chain(retired).fold(Filter::none(), |filter, (aggregate, model)| {
        let names = std::iter::once(&model.name).chain(model.aliases);
        names.fold(filter, |filter, name| filter.event(aggregate, *name))
    })
}

impl Retired {
    /// Adds those of an aggregate, if it has any.
    pub(crate) fn add<A: Aggregate>(all: &mut Vec<Self>) {
        if !A::MODEL.retired.is_empty() && !all.iter().any(|retired| retired.aggregate == A::NAME) {
            all.push(Self { aggregate: A::NAME, models: A::MODEL.retired, decode: decode_retired::<A> });
        }
    }

    /// What a retired event is today.
    pub(crate) fn decode(all: &[Self], raw: &RawEvent<'_>) -> Result<Vec<AnyEvent>, DecodeError> {
        let aggregate = raw.stream.aggregate();
        let is_it = |retired: &&Self| {
            retired.aggregate == aggregate && retired.models.iter().any(|model| model.has_name(raw.name))
        };
        let Some(retired) = all.iter().find(is_it) else {
            return Err(DecodeError::Name { aggregate: aggregate.to_owned(), name: raw.name.to_owned() });
        };
        (retired.decode)(raw)
    }
}

/// Gives events out; finds the route of a name once for a run of them.
pub(crate) struct Dispatch<'r, P: Projection> {
    routes: &'r Routes<P>,
    last: Option<&'r Route<P>>,
}

impl<'r, P: Projection> Dispatch<'r, P> {
    fn route(&mut self, raw: &RawEvent<'_>) -> Option<&'r Route<P>> {
        let aggregate = raw.stream.aggregate();
        let same = |route: &&Route<P>| route.model.name == raw.name && route.aggregate == aggregate;
        if self.last.as_ref().is_none_or(|last| !same(last)) {
            self.last = self.routes.of_name(aggregate, raw.name);
        }
        self.last
    }

    /// Projects an event. A panic is an error.
    pub(crate) async fn project(
        &mut self,
        projection: &mut P,
        raw: &RawEvent<'_>,
        tx: &mut TxOf<P>,
    ) -> Result<(), BoxError> {
        caught(async {
            if let Some(route) = self.route(raw) {
                match &route.target {
                    Target::Each(each) => each.project(projection, raw, tx)?.await?,
                    Target::Batch(batch) => projection.project_events(&[batch.decode(raw)?], tx).await?,
                }
                return still_open::<P>(tx);
            }
            if let Some(whole) = self.routes.whole(raw.stream.aggregate()) {
                whole.project(projection, raw, tx).await?;
                return still_open::<P>(tx);
            }
            for (index, event, route) in self.routes.of_retired(raw)? {
                match &route.target {
                    Target::Each(each) => each.project_decoded(projection, event, raw, index, tx).await?,
                    Target::Batch(batch) => {
                        let events: Vec<_> = batch.convert(event, raw, index).into_iter().collect();
                        projection.project_events(&events, tx).await?;
                    }
                }
            }
            still_open::<P>(tx)
        })
        .await
    }

    /// Projects the events of a batch. A panic is an error.
    pub(super) async fn project_together(
        projection: &mut P,
        events: &[Recorded<P::Event>],
        tx: &mut TxOf<P>,
    ) -> Result<(), BoxError> {
        if events.is_empty() {
            return Ok(());
        }
        caught(async {
            projection.project_events(events, tx).await?;
            still_open::<P>(tx)
        })
        .await
    }

    /// Adds an event to those of a batch. A panic is an error.
    pub(super) async fn collect(
        &mut self,
        raw: &RawEvent<'_>,
        events: &mut Vec<Recorded<P::Event>>,
    ) -> Result<(), BoxError> {
        caught(async {
            match self.route(raw).map(|route| &route.target) {
                Some(Target::Batch(batch)) => events.push(batch.decode(raw)?),
                Some(Target::Each(_)) => {}
                None => match self.routes.whole(raw.stream.aggregate()) {
                    Some(whole) => whole.collect(raw, events)?,
                    None => {
                        for (index, event, route) in self.routes.of_retired(raw)? {
                            if let Target::Batch(batch) = &route.target {
                                events.extend(batch.convert(event, raw, index));
                            }
                        }
                    }
                },
            }
            Ok(())
        })
        .await
    }
}

/// Checks that a projection has left its transaction open.
fn still_open<P: Projection>(tx: &mut TxOf<P>) -> Result<(), BoxError> {
    if P::Store::is_open(tx) {
        return Ok(());
    }
    Err("the transaction was ended by a statement of the projection (as `INSERT OR ROLLBACK` does)".into())
}

/// Decodes events of type `E` of the aggregate `A`, and makes something of them.
struct Decoder<A, E, F> {
    make: F,
    of: PhantomData<fn() -> (A, E)>,
}

trait Each<P: Projection>: Send + Sync {
    fn project<'a>(
        &self,
        projection: &'a mut P,
        raw: &RawEvent<'_>,
        tx: &'a mut TxOf<P>,
    ) -> Result<BoxFuture<'a, Projected>, DecodeError>;

    fn project_decoded<'a>(
        &self,
        projection: &'a mut P,
        event: AnyEvent,
        raw: &RawEvent<'_>,
        index: u32,
        tx: &'a mut TxOf<P>,
    ) -> BoxFuture<'a, Projected>;
}

impl<A: Aggregate, E: EventOf<A> + 'static, P: Projection> Each<P> for Decoder<A, E, EachFn<P, E>> {
    fn project<'a>(
        &self,
        projection: &'a mut P,
        raw: &RawEvent<'_>,
        tx: &'a mut TxOf<P>,
    ) -> Result<BoxFuture<'a, Projected>, DecodeError> {
        let event = E::decode::<A::Codec>(raw.event_version, &raw.payload)?;
        Ok((self.make)(projection, recorded(event, raw, 0), tx))
    }

    fn project_decoded<'a>(
        &self,
        projection: &'a mut P,
        event: AnyEvent,
        raw: &RawEvent<'_>,
        index: u32,
        tx: &'a mut TxOf<P>,
    ) -> BoxFuture<'a, Projected> {
        match event.downcast::<E>() {
            Ok(event) => (self.make)(projection, recorded(*event, raw, index), tx),
            // The route was chosen by this type.
            Err(_) => Box::pin(std::future::ready(Ok(()))),
        }
    }
}

trait Batch<P: Projection>: Send + Sync {
    fn decode(&self, raw: &RawEvent<'_>) -> Result<Recorded<P::Event>, DecodeError>;

    fn convert(&self, event: AnyEvent, raw: &RawEvent<'_>, index: u32) -> Option<Recorded<P::Event>>;
}

impl<A: Aggregate, E: EventOf<A> + 'static, P: Projection> Batch<P> for Decoder<A, E, BatchFn<P, E>> {
    fn decode(&self, raw: &RawEvent<'_>) -> Result<Recorded<P::Event>, DecodeError> {
        let event = E::decode::<A::Codec>(raw.event_version, &raw.payload)?;
        Ok(recorded((self.make)(event), raw, 0))
    }

    fn convert(&self, event: AnyEvent, raw: &RawEvent<'_>, index: u32) -> Option<Recorded<P::Event>> {
        let event = event.downcast::<E>().ok()?;
        Some(recorded((self.make)(*event), raw, index))
    }
}

pub(crate) fn recorded<E>(event: E, raw: &RawEvent<'_>, index: u32) -> Recorded<E> {
    Recorded {
        event,
        id: raw.id,
        stream: raw.stream.clone(),
        version: raw.version,
        position: raw.position,
        recorded_at: raw.recorded_at,
        metadata: raw.metadata.clone(),
        index,
    }
}

fn decode_retired<A: Aggregate>(raw: &RawEvent<'_>) -> Result<Vec<AnyEvent>, DecodeError> {
    Ok(decode_whole::<A>(raw)?.into_iter().map(A::into_any).collect())
}
