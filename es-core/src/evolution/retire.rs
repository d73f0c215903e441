//! Events that are no longer recorded.

use crate::aggregate::{Aggregate, Events};
use crate::event::Event;
use crate::evolution::VersionShape;
use crate::model::EventModel;

/// Says what a retired event is today: none, one or several of the current events.
///
/// The journal keeps what happened; each reader (the repository, projections, history, tests) sees the events that
/// `retire` gives instead, under the version and position of the one in the journal.
///
/// ```ignore
/// impl Retire<Exchanged> for Account {
///     fn retire(event: Exchanged) -> Events<Self> {
///         Events::from((Withdrawn { amount: event.out }, Deposited { amount: event.back }))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "nothing says what the retired event `{E}` of `{Self}` is today",
    label = "listed in `retired(..)`",
    note = "write `impl Retire<{E}> for {Self}`; `Events::none()` drops the event"
)]
pub trait Retire<E: RetiredOf<Self>>: Aggregate {
    /// The events in place of `event`. It is called for each reading, so it must always give the same.
    fn retire(event: E) -> Events<Self>;
}

/// Says that `Self` is an event listed in `retired(..)` of `A`; written by the derive.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a retired event of `{A}`",
    label = "not listed in `retired(..)`",
    note = "add it to `retired(..)` in `#[aggregate(..)]` of `{A}`"
)]
pub trait RetiredOf<A>: Event {
    #[doc(hidden)]
    const RETIRED: &'static EventModel = &Self::MODEL;
    #[doc(hidden)]
    const RETIRED_SHAPES: &'static [VersionShape] = Self::SHAPES;
}
