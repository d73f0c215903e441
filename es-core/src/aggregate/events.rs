//! `Events`: what one command led to, in order.

use std::fmt;

use super::Aggregate;

/// Some events of one aggregate, in order. One event takes no heap allocation of its own.
pub struct Events<A: Aggregate>(List<A::Event>);

enum List<E> {
    None,
    One(E),
    Many(Vec<E>),
}

impl<A: Aggregate> Events<A> {
    /// No events.
    pub const fn none() -> Self {
        Self(List::None)
    }

    /// One event.
    pub const fn one(event: A::Event) -> Self {
        Self(List::One(event))
    }

    /// The events that `events` gives: one, a tuple, an array, a `Vec` or an `Option` of them.
    pub fn from(events: impl IntoEvents<A>) -> Self {
        let mut list = Self::none();
        events.append_to(&mut list);
        list
    }

    /// Adds one event at the end.
    pub fn push(&mut self, event: A::Event) {
        self.0 = match std::mem::replace(&mut self.0, List::None) {
            List::None => List::One(event),
            List::One(first) => List::Many(vec![first, event]),
            List::Many(mut events) => {
                events.push(event);
                List::Many(events)
            }
        };
    }

    /// The number of events.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// The events.
    pub fn as_slice(&self) -> &[A::Event] {
        match &self.0 {
            List::None => &[],
            List::One(event) => std::slice::from_ref(event),
            List::Many(events) => events,
        }
    }

    /// The events, one after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, A::Event> {
        self.as_slice().iter()
    }

    /// The events as a `Vec`.
    pub fn into_vec(self) -> Vec<A::Event> {
        match self.0 {
            List::None => Vec::new(),
            List::One(event) => vec![event],
            List::Many(events) => events,
        }
    }
}

impl<A: Aggregate> Default for Events<A> {
    fn default() -> Self {
        Self::none()
    }
}

impl<A: Aggregate> Clone for Events<A> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            List::None => List::None,
            List::One(event) => List::One(event.clone()),
            List::Many(events) => List::Many(events.clone()),
        })
    }
}

impl<A: Aggregate> fmt::Debug for Events<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<A: Aggregate> PartialEq for Events<A> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<A: Aggregate, const N: usize> PartialEq<[A::Event; N]> for Events<A> {
    fn eq(&self, other: &[A::Event; N]) -> bool {
        self.as_slice() == other
    }
}

impl<A: Aggregate> Extend<A::Event> for Events<A> {
    fn extend<T: IntoIterator<Item = A::Event>>(&mut self, events: T) {
        for event in events {
            self.push(event);
        }
    }
}

impl<A: Aggregate> FromIterator<A::Event> for Events<A> {
    fn from_iter<T: IntoIterator<Item = A::Event>>(events: T) -> Self {
        let mut list = Self::none();
        list.extend(events);
        list
    }
}

impl<'a, A: Aggregate> IntoIterator for &'a Events<A> {
    type Item = &'a A::Event;
    type IntoIter = std::slice::Iter<'a, A::Event>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<A: Aggregate> IntoIterator for Events<A> {
    type Item = A::Event;
    type IntoIter = IntoIter<A>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, many) = match self.0 {
            List::None => (None, Vec::new()),
            List::One(event) => (Some(event), Vec::new()),
            List::Many(events) => (None, events),
        };
        IntoIter { one, many: many.into_iter() }
    }
}

/// Gives the events of an [`Events`] by value.
pub struct IntoIter<A: Aggregate> {
    one: Option<A::Event>,
    many: std::vec::IntoIter<A::Event>,
}

impl<A: Aggregate> Iterator for IntoIter<A> {
    type Item = A::Event;

    fn next(&mut self) -> Option<A::Event> {
        self.one.take().or_else(|| self.many.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = usize::from(self.one.is_some()) + self.many.len();
        (len, Some(len))
    }
}

impl<A: Aggregate> ExactSizeIterator for IntoIter<A> {}

/// Gives events of `A`: one event, or a tuple, an array, a `Vec` or an `Option` of what gives events.
///
/// The derive implements it for each event and for the enum of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` gives no events of `{A}`",
    label = "not an event of `{A}`",
    note = "list it in `events(..)` of `{A}`; one event, a tuple, an array, a `Vec` or an `Option` of them is accepted"
)]
pub trait IntoEvents<A: Aggregate> {
    /// Adds the events at the end of `events`.
    fn append_to(self, events: &mut Events<A>);
}

impl<A: Aggregate> IntoEvents<A> for Events<A> {
    fn append_to(self, events: &mut Events<A>) {
        if events.is_empty() {
            *events = self;
        } else {
            events.extend(self);
        }
    }
}

impl<A: Aggregate, E: IntoEvents<A>> IntoEvents<A> for Option<E> {
    fn append_to(self, events: &mut Events<A>) {
        if let Some(event) = self {
            event.append_to(events);
        }
    }
}

impl<A: Aggregate, E: IntoEvents<A>> IntoEvents<A> for Vec<E> {
    fn append_to(self, events: &mut Events<A>) {
        for event in self {
            event.append_to(events);
        }
    }
}

impl<A: Aggregate, E: IntoEvents<A>, const N: usize> IntoEvents<A> for [E; N] {
    fn append_to(self, events: &mut Events<A>) {
        for event in self {
            event.append_to(events);
        }
    }
}

macro_rules! tuples {
    ($($first:ident $($rest:ident)*)?) => {
        $(tuples!($($rest)*);)?

        impl<A: Aggregate $(, $first: IntoEvents<A> $(, $rest: IntoEvents<A>)*)?> IntoEvents<A> for ($($first, $($rest,)*)?) {
            #[allow(non_snake_case, unused_variables, reason = "one name for a type and its value; `()` gives no events")]
            fn append_to(self, events: &mut Events<A>) {
                $(
                    let ($first, $($rest,)*) = self;
                    $first.append_to(events);
                    $($rest.append_to(events);)*
                )?
            }
        }
    };
}

tuples!(E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E12);
