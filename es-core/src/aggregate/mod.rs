//! Aggregates: what decides on commands and changes by events.

mod context;
mod decision;
mod events;
mod id;

use std::fmt::{self, Debug, Display};
use std::str::FromStr;

pub use context::Context;
pub use decision::{Accepts, Decision, accept, reject};
pub use events::{Events, IntoEvents, IntoIter};
pub use id::IdOf;

use crate::codec::{Codec, Payload, PayloadError};
use crate::event::Event;
use crate::evolution::{DecodeError, VersionShape};
use crate::model::{AggregateModel, CommandModel, EventModel};
use crate::snapshot::SnapshotPolicy;

/// A part of the domain that is consistent in itself: it decides on commands and changes by events.
///
/// Implemented by `#[derive(Aggregate)]`, which writes the dispatch to [`Handle`] and [`Apply`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate",
    label = "not an aggregate",
    note = "write `#[derive(Aggregate)]` on it"
)]
pub trait Aggregate: Send + Sync + Sized + 'static {
    /// What names one of them; `String` unless `id = ..` says otherwise.
    type Id: IdOf<Self> + Display + FromStr + Clone + Send + Sync + 'static;
    /// One of the commands that the aggregate handles.
    type Command: Clone + Debug + Send + Sync + 'static;
    /// One of the events that the aggregate records.
    type Event: Clone + Debug + PartialEq + Send + Sync + 'static;
    /// Why the aggregate rejects a command.
    type Error: std::error::Error + Send + Sync + 'static;
    /// How events and snapshots are written.
    type Codec: Codec;

    /// The name in the journal.
    const NAME: &'static str;
    /// What the derive knows of the aggregate.
    const MODEL: AggregateModel;
    /// The shapes of all events that may be in the journal, as [`AggregateModel::recorded_events`] has them.
    const SHAPES: &'static [&'static [VersionShape]] = &[];
    /// When snapshots are taken; `None` takes none.
    const SNAPSHOT: Option<SnapshotPolicy> = None;
    /// Tells states of different shape apart, as far as the aggregate's own source does.
    const STATE_SHAPE: u64 = 0;

    /// What the derive knows of the aggregate.
    fn model() -> AggregateModel {
        Self::MODEL
    }

    /// The state before the first event.
    fn initial() -> Self;

    /// The state once more; it is copied only when it changes while someone still holds it.
    #[must_use]
    fn copy(&self) -> Self;

    /// Decides on a command.
    fn handle_command(&self, command: Self::Command, context: &Context) -> Decision<Self>;

    /// Changes the state by what happened.
    fn apply_event(&mut self, event: &Self::Event);

    /// Appends the bytes of an event to `bytes`, and gives its name and version in the journal.
    fn encode_event(event: &Self::Event, bytes: &mut Vec<u8>) -> Result<EventKind, crate::BoxError>;

    /// Reads an event of the journal: one of the current events, or what a retired one became.
    ///
    /// `index` is where [`AggregateModel::recorded_events`] has the event; [`resolve`](Self::resolve) finds it.
    #[doc(hidden)]
    fn decode_event(index: usize, version: u32, payload: &Payload<'_>) -> Result<Events<Self>, DecodeError> {
        Self::decode_event_by::<Self::Codec>(index, version, payload)
    }

    /// Reads an event of the journal as [`decode_event`](Self::decode_event) does, in the format of `C`.
    #[doc(hidden)]
    fn decode_event_by<C: Codec>(
        index: usize,
        version: u32,
        payload: &Payload<'_>,
    ) -> Result<Events<Self>, DecodeError>;

    /// The event itself, out of the enum; written by the derive for an aggregate with `retired(..)`.
    #[doc(hidden)]
    fn into_any(event: Self::Event) -> Box<dyn std::any::Any + Send> {
        Box::new(event)
    }

    /// Finds the event that the journal knows by `name`, for [`decode_event`](Self::decode_event).
    #[doc(hidden)]
    fn resolve(name: &str) -> Result<usize, DecodeError> {
        Self::MODEL
            .recorded_events()
            .position(|event| event.has_name(name))
            .ok_or_else(|| DecodeError::Name { aggregate: Self::NAME.to_owned(), name: name.to_owned() })
    }

    /// Tells states of different shape apart, with the types in them that have a [`Shape`](crate::Shape), and states that
    /// come from other events or versions of them: a snapshot of another one is not read.
    fn state_shape() -> u64 {
        Self::STATE_SHAPE
    }

    /// Appends the bytes of the state to `bytes`; written by the derive for an aggregate with `snapshot(..)`.
    fn encode_state(&self, _bytes: &mut Vec<u8>) -> Result<(), crate::BoxError> {
        Err(format!("aggregate `{}` has no `snapshot(..)`", Self::NAME).into())
    }

    /// Reads a state; written by the derive for an aggregate with `snapshot(..)`.
    fn decode_state(payload: Payload<'_>) -> Result<Self, PayloadError> {
        Err(PayloadError::Content {
            format: payload.format.to_owned(),
            source: format!("aggregate `{}` has no `snapshot(..)`", Self::NAME).into(),
        })
    }
}

/// What the journal knows an event by: its name and the version of its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventKind {
    /// The event's name in the journal.
    pub name: &'static str,
    /// The version of its shape.
    pub version: u32,
}

/// A request to change an aggregate; written by the derive.
///
/// The derive asks for `Clone` and `Debug`, but the trait does not imply them: generic code that clones or shows a command has
/// them among its own bounds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command",
    label = "not a command",
    note = "write `#[derive(Command, Debug, Clone)]` on it"
)]
pub trait Command: Sized + Send + Sync + 'static {
    /// What the derive knows of the command.
    const MODEL: CommandModel;
    /// How the command is copied, since a lost race decides it again, and shown, as in errors.
    ///
    /// Not by bounds on the trait: a command without `Clone` or `Debug` would be an error wherever it is named, and not
    /// only where it is declared.
    #[doc(hidden)]
    const DATA: CommandData<Self>;
}

/// How a command is copied and shown.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct CommandData<C> {
    pub(crate) copy: fn(&C) -> C,
    pub(crate) show: fn(&C, &mut fmt::Formatter<'_>) -> fmt::Result,
}

impl<C: Clone + Debug> CommandData<C> {
    /// By its `Clone` and its `Debug`.
    pub(crate) const fn new() -> Self {
        Self { copy: C::clone, show: C::fmt }
    }
}

/// Decides on the commands of type `C`.
///
/// ```ignore
/// impl Handle<Increase> for Account {
///     fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
///         accept(Increased { by: command.by })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "command `{C}` has no handler in `{Self}`",
    label = "listed in `commands(..)`, but not handled",
    note = "write `impl Handle<{C}> for {Self}`, or take it out of `commands(..)`"
)]
pub trait Handle<C: CommandOf<Self>>: Aggregate {
    /// Checks `command` against the state: gives what happened, by [`accept`], or an error, by [`reject`].
    ///
    /// Must not depend on anything but the state, the command and the context: a lost race decides
    /// the command again.
    fn handle(&self, command: C, context: &Context) -> Decision<Self>;
}

/// Changes the state by events of type `E`.
///
/// Written by the derive for each event that an `#[apply(E => ..)]` names or that is listed as `E(ignored)`.
#[diagnostic::on_unimplemented(
    message = "event `{E}` is not applied to `{Self}`",
    label = "listed in `events(..)`, but it changes nothing",
    note = "name it on the fields that it changes, `#[apply({E} => expression)]`; or write `impl Apply<{E}> for {Self}`; \
            or, if it changes nothing, list it as `{E}(ignored)`"
)]
pub trait Apply<E: EventOf<Self>>: Sized {
    /// Takes over what happened. It has happened: it cannot fail.
    fn apply(&mut self, event: &E);
}

/// Says that `Self` is a command listed in `commands(..)` of `A`; written by the derive.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command of `{A}`",
    label = "not listed in `commands(..)`",
    note = "add it to `commands(..)` in `#[aggregate(..)]` of `{A}`"
)]
pub trait CommandOf<A>: Command {
    #[doc(hidden)]
    const COMMAND: &'static CommandModel = &Self::MODEL;
}

/// A command as an aggregate `A` takes it: one listed in `commands(..)`, or the enum of all of them.
///
/// Implemented for all that becomes the enum by `Into`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command of `{A}`",
    label = "not listed in `commands(..)`",
    note = "add it to `commands(..)` in `#[aggregate(..)]` of `{A}`"
)]
pub trait IntoCommand<A: Aggregate> {
    /// The command as one of those of the aggregate.
    fn into_command(self) -> A::Command;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate, C: Into<A::Command>> IntoCommand<A> for C {
    fn into_command(self) -> A::Command {
        self.into()
    }
}

/// Says that `Self` is an event listed in `events(..)` of `A`; written by the derive.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of `{A}`",
    label = "not listed in `events(..)`",
    note = "add it to `events(..)` in `#[aggregate(..)]` of `{A}`"
)]
pub trait EventOf<A>: Event {
    #[doc(hidden)]
    const EVENT: &'static EventModel = &Self::MODEL;
    #[doc(hidden)]
    const EVENT_SHAPES: &'static [VersionShape] = Self::SHAPES;
}
