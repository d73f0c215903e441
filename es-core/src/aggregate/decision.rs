//! The answer to a command: `accept` with events, or `reject` with an error.

use super::{Aggregate, Events, IntoEvents};

/// What an aggregate answers to a command: what happened, or why not.
///
/// A plain `Result`, so `?` works in a handler.
pub type Decision<A> = Result<Events<A>, <A as Aggregate>::Error>;

/// Accepts a command: `events` is what happened.
///
/// Takes one event, a tuple, an array, a `Vec` or an `Option` of events, or [`Events::none()`].
pub fn accept<A, E>(events: E) -> Decision<A>
where
    A: Aggregate + Accepts<E>,
{
    Ok(A::into_events(events))
}

/// Rejects a command: nothing happened, because of `error`.
pub fn reject<A: Aggregate>(error: impl Into<A::Error>) -> Decision<A> {
    Err(error.into())
}

/// Says that `E` gives events of the aggregate `Self`.
#[diagnostic::on_unimplemented(
    message = "`{E}` gives no events of `{Self}`",
    label = "not an event of `{Self}`",
    note = "list it in `events(..)` of `{Self}`; one event, a tuple, an array, a `Vec` or an `Option` of them is accepted"
)]
pub trait Accepts<E>: Aggregate {
    /// Collects the events.
    #[doc(hidden)]
    fn into_events(events: E) -> Events<Self>;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate, E: IntoEvents<A>> Accepts<E> for A {
    fn into_events(events: E) -> Events<A> {
        Events::from(events)
    }
}
