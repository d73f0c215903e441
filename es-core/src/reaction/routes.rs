//! `Reactions`: which events a reaction wants, and where each goes.

use std::any::TypeId;

use super::{Commands, Reacted, ReactedBy, Reaction, Timer};
use crate::aggregate::{Aggregate, EventOf};
use crate::event::Recorded;
use crate::evolution::DecodeError;
use crate::journal::{Filter, RawEvent};
use crate::model::EventModel;
use crate::projection::{AnyEvent, BoxFuture, Retired, filter_of, recorded};

/// The events of a reaction, and where each goes. Made by the derive.
pub struct Reactions<R> {
    current: Vec<Route<R>>,
    /// One for each aggregate that has retired events.
    retired: Vec<Retired>,
}

/// A function that reacts to an event.
pub(crate) type ReactFn<R, E> = for<'a> fn(&'a R, Recorded<E>, &'a mut Commands<R>) -> BoxFuture<'a, Reacted>;
/// A function that reacts to a timer.
pub(crate) type WakeFn<R, E> = for<'a> fn(&'a R, Recorded<E>, &'a Timer, &'a mut Commands<R>) -> BoxFuture<'a, Reacted>;

/// Where the events of one type go.
struct Route<R> {
    aggregate: &'static str,
    model: &'static EventModel,
    event_type: TypeId,
    target: Box<dyn Target<R>>,
}

impl<R: Reaction> Reactions<R> {
    /// No reactions.
    #[expect(clippy::new_without_default, reason = "a reaction without events is a mistake")]
    pub const fn new() -> Self {
        Self { current: Vec::new(), retired: Vec::new() }
    }

    pub(crate) fn add<A: Aggregate, E: EventOf<A> + ReactedBy<R>>(&mut self, react: ReactFn<R, E>, wake: WakeFn<R, E>) {
        let decode = |raw: &RawEvent<'_>| E::decode::<A::Codec>(raw.event_version, &raw.payload);
        let target = Box::new(To { decode, react, wake });
        self.current.push(Route { aggregate: A::NAME, model: E::EVENT, event_type: TypeId::of::<E>(), target });
        Retired::add::<A>(&mut self.retired);
    }

    /// What the journal is asked for: the listed events by all their names, and the retired ones that may be one of
    /// them today.
    pub fn filter(&self) -> Filter {
        filter_of(self.current.iter().map(|route| (route.aggregate, route.model)), &self.retired)
    }

    /// Reacts to an event, or to a timer of it.
    pub(super) async fn react(
        &self,
        reaction: &R,
        raw: &RawEvent<'_>,
        timer: Option<&Timer>,
        commands: &mut Commands<R>,
    ) -> Reacted {
        let aggregate = raw.stream.aggregate();
        let of_name = self.current.iter().find(|route| route.model.has_name(raw.name) && route.aggregate == aggregate);
        if let Some(route) = of_name {
            return route.target.react(reaction, None, raw, 0, timer, commands)?.await;
        }
        let mut is_listed = false;
        for (event, index) in Retired::decode(&self.retired, raw)?.into_iter().zip(0..) {
            let event_type = (*event).type_id();
            let is_it = |route: &&Route<R>| route.event_type == event_type && route.aggregate == aggregate;
            let Some(route) = self.current.iter().find(is_it) else { continue };
            if timer.is_none_or(|timer| timer.index == index) {
                is_listed = true;
                commands.turn_to(index);
                route.target.react(reaction, Some(event), raw, index, timer, commands)?.await?;
            }
        }
        if timer.is_some() && !is_listed {
            return Err("the event that it was set for is not listed".into());
        }
        Ok(())
    }
}

/// Decodes events of type `E`, and reacts to them.
struct To<R, E> {
    decode: fn(&RawEvent<'_>) -> Result<E, DecodeError>,
    react: ReactFn<R, E>,
    wake: WakeFn<R, E>,
}

trait Target<R>: Send + Sync {
    /// `event` is what a retired one became; `None` is what the journal has.
    fn react<'a>(
        &self,
        reaction: &'a R,
        event: Option<AnyEvent>,
        raw: &RawEvent<'_>,
        index: u32,
        timer: Option<&'a Timer>,
        commands: &'a mut Commands<R>,
    ) -> Result<BoxFuture<'a, Reacted>, DecodeError>;
}

impl<R: Reaction, E: 'static> Target<R> for To<R, E> {
    fn react<'a>(
        &self,
        reaction: &'a R,
        event: Option<AnyEvent>,
        raw: &RawEvent<'_>,
        index: u32,
        timer: Option<&'a Timer>,
        commands: &'a mut Commands<R>,
    ) -> Result<BoxFuture<'a, Reacted>, DecodeError> {
        let event = match event {
            None => (self.decode)(raw)?,
            Some(event) => match event.downcast::<E>() {
                Ok(event) => *event,
                // The route was chosen by this type.
                Err(_) => return Ok(Box::pin(std::future::ready(Ok(())))),
            },
        };
        let event = recorded(event, raw, index);
        Ok(match timer {
            Some(timer) => (self.wake)(reaction, event, timer, commands),
            None => (self.react)(reaction, event, commands),
        })
    }
}
