//! What generated code calls. Not for use by hand: it changes without notice.

pub use std::borrow::Cow;
pub use std::clone::Clone;
pub use std::cmp::PartialEq;
pub use std::convert::{From, Into};
pub use std::default::Default;
pub use std::fmt::{self, Debug, Formatter};
pub use std::option::Option;
pub use std::result::Result;
pub use std::string::{String, ToString};
pub use std::vec::Vec;

pub use serde;
pub use std::{concat, include_bytes, module_path};

pub use crate::__expr as expr;
pub use crate::BoxError;
pub use crate::aggregate::{
    Aggregate, Apply, Command, CommandData, CommandOf, Context, Decision, EventKind, EventOf, Events, Handle, IdOf,
    IntoEvents,
};
pub use crate::check::{not_one_of_all, own_name};
pub use crate::codec::{Codec, Json, Payload, PayloadError};
pub use crate::event::{Event, EventData};
pub use crate::evolution::state::{SEED, hash, state_hash};
pub use crate::evolution::{
    Absent, Content, DecodeError, FieldShape, Locked, LockedEvent, LockedField, LockedVersion, Locks, NestedShape,
    NoEvent, NoShape, NotPlaced, Placed, Previous, Probe, Retire, RetiredOf, Shape, TypeShape, Upcast, VariantShape,
    VersionShape, check_before, check_event, check_known, check_member, check_previous, convert, decode_older,
    decode_previous, default_of, join_shapes, read_nothing,
};
pub use crate::model::{AggregateModel, CommandModel, EventModel, FieldModel};
#[cfg(feature = "tokio")]
pub use crate::projection::private::*;
#[cfg(feature = "tokio")]
pub use crate::publishing::private::*;
#[cfg(feature = "tokio")]
pub use crate::reaction::private::*;
pub use crate::snapshot::SnapshotPolicy;

/// One expression of an `#[apply(..)]`: a mistake in its syntax is reported there, and nowhere else.
#[doc(hidden)]
#[macro_export]
macro_rules! __expr {
    ($expression:expr $(,)?) => {
        $expression
    };
}

/// Keeps the state borrowed while the expressions of one event are evaluated.
pub const fn unchanged<A>(_before: &A) {}

/// What an aggregate starts from.
#[diagnostic::on_unimplemented(
    message = "aggregate `{Self}` has no state to start from",
    label = "the state before the first event is its `Default`",
    note = "write `#[derive(Default)]` on it, or `impl Default for {Self}`"
)]
pub trait Initial {
    /// The state before the first event.
    fn initial() -> Self;
}

#[diagnostic::do_not_recommend]
impl<A: Default> Initial for A {
    fn initial() -> Self {
        Self::default()
    }
}

/// The state before the first event.
pub fn initial<A: Initial>() -> A {
    A::initial()
}

/// What an aggregate is copied by.
#[diagnostic::on_unimplemented(
    message = "aggregate `{Self}` cannot be copied",
    label = "a state that is shared is cloned before it changes",
    note = "write `#[derive(Clone)]` on it"
)]
pub trait Shared {
    /// The state once more.
    fn copy(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<A: Clone> Shared for A {
    fn copy(&self) -> Self {
        self.clone()
    }
}

/// The state once more.
pub fn copy<A: Shared>(state: &A) -> A {
    state.copy()
}

/// Says that an aggregate has `snapshot(..)`; written by the derive.
pub trait Stored: StoredData {}

/// What the state of an aggregate with `snapshot(..)` needs.
#[diagnostic::on_unimplemented(
    message = "aggregate `{Self}` has `snapshot(..)`, but its state cannot be stored",
    label = "a snapshot is the state, written and read again by serde",
    note = "write `#[derive(Serialize, Deserialize)]` on `{Self}`, or take `snapshot(..)` away"
)]
pub trait StoredData: serde::Serialize + serde::de::DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + serde::de::DeserializeOwned> StoredData for T {}

/// An error of an aggregate that has none; `N` is the mistake.
#[derive(Debug)]
pub struct Unknown<const N: usize>;

impl<const N: usize> fmt::Display for Unknown<N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("unknown")
    }
}

impl<const N: usize> std::error::Error for Unknown<N> {}

/// What a command needs.
#[diagnostic::on_unimplemented(
    message = "command `{Self}` is not Clone and Debug",
    label = "a lost race decides a command again, and errors show it",
    note = "write `#[derive(Command, Debug, Clone)]` on it"
)]
pub trait CopiedAndShown: Sized {
    /// How it is copied and shown.
    const DATA: CommandData<Self>;
}

#[diagnostic::do_not_recommend]
impl<C: Clone + Debug> CopiedAndShown for C {
    const DATA: CommandData<Self> = CommandData::new();
}

/// How a command is copied and shown.
pub const fn command_data<C: CopiedAndShown>() -> CommandData<C> {
    C::DATA
}

/// Clones a command of `A`.
pub fn clone_command<A, C: CommandOf<A>>(command: &C) -> C {
    (C::DATA.copy)(command)
}

/// A command, as its `Debug` has it.
struct Shown<'a, C>(&'a C);

impl<C: Command> Debug for Shown<'_, C> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        (C::DATA.show)(self.0, f)
    }
}

/// Clones an event of `A`.
pub fn clone_event<A, E: EventOf<A>>(event: &E) -> E {
    event.clone()
}

/// Writes a command of `A` as the variant of an enum.
pub fn fmt_command<A, C: CommandOf<A>>(variant: &str, command: &C, f: &mut Formatter<'_>) -> fmt::Result {
    f.debug_tuple(variant).field(&Shown(command)).finish()
}

/// Writes an event of `A` as the variant of an enum.
pub fn fmt_event<A, E: EventOf<A>>(variant: &str, event: &E, f: &mut Formatter<'_>) -> fmt::Result {
    f.debug_tuple(variant).field(event).finish()
}

/// Compares two events of `A`.
pub fn same_event<A, E: EventOf<A>>(a: &E, b: &E) -> bool {
    a == b
}

/// Writes an event of type `E` in the codec of `A`.
pub fn encode<A: Aggregate, E: EventOf<A>>(event: &E, bytes: &mut Vec<u8>) -> Result<EventKind, BoxError> {
    A::Codec::encode(event, bytes)?;
    Ok(EventKind { name: E::MODEL.name, version: E::MODEL.version })
}

/// An event of any type.
pub type AnyEvent = std::boxed::Box<dyn std::any::Any + Send>;

/// An event of `A`, as one of any type.
pub fn into_any<A, E: EventOf<A>>(event: E) -> AnyEvent {
    std::boxed::Box::new(event)
}

/// Reads an event of type `E`, in the format of `C`, as one event of `A`.
#[inline]
pub fn decode<C, A, E>(version: u32, payload: &Payload<'_>) -> Result<Events<A>, DecodeError>
where
    C: Codec,
    A: Aggregate,
    A::Event: From<E>,
    E: EventOf<A>,
{
    let event = E::decode::<C>(version, payload)?;
    Ok(Events::one(event.into()))
}

/// Reads a retired event of type `E`, in the format of `C`, as what it is today.
pub fn decode_retired<C, A, E>(version: u32, payload: &Payload<'_>) -> Result<Events<A>, DecodeError>
where
    C: Codec,
    A: Retire<E>,
    E: RetiredOf<A>,
{
    Ok(A::retire(E::decode::<C>(version, payload)?))
}

/// Reads one kind of event of `A`.
pub type Decoder<A> = fn(u32, &Payload<'_>) -> Result<Events<A>, DecodeError>;

/// Reads an event of `A` by the decoder of its kind.
#[inline]
pub fn decode_by<A: Aggregate>(
    decoders: &[Decoder<A>],
    index: usize,
    version: u32,
    payload: &Payload<'_>,
) -> Result<Events<A>, DecodeError> {
    match decoders.get(index) {
        Some(decoder) => decoder(version, payload),
        None => Err(DecodeError::Name { aggregate: A::NAME.to_owned(), name: format!("#{index}") }),
    }
}

/// Reads the payload of today's version of the event `E`.
#[inline]
pub fn decode_current<E: Event, C: Codec>(payload: &Payload<'_>) -> Result<E, DecodeError> {
    decode_version::<E, C, E>(E::MODEL.version, payload)
}

/// Reads the payload of version `version` of the event `E` as a `T`: the event itself, or a struct of an older version.
#[inline]
pub fn decode_version<E: Event, C: Codec, T: serde::de::DeserializeOwned>(
    version: u32,
    payload: &Payload<'_>,
) -> Result<T, DecodeError> {
    payload.read::<C, T>().map_err(|source| DecodeError::Payload { name: E::MODEL.name.to_owned(), version, source })
}

/// Says that the program does not know version `version` of the event `E`.
pub fn unknown_version<E: Event>(version: u32) -> DecodeError {
    let model = E::MODEL;
    DecodeError::Version { name: model.name.to_owned(), version, oldest: model.oldest, newest: model.version }
}

/// A hash of the source of a state.
pub const fn shape(source: &str) -> u64 {
    hash(source.as_bytes(), SEED)
}

/// Writes a state in the codec of its aggregate.
pub fn encode_state<A: Aggregate + Stored>(state: &A, bytes: &mut Vec<u8>) -> Result<(), BoxError> {
    A::Codec::encode(state, bytes)
}

/// Reads a state in the codec of its aggregate.
pub fn decode_state<A: Aggregate + Stored>(payload: Payload<'_>) -> Result<A, PayloadError> {
    payload.read::<A::Codec, A>()
}

/// The text of an id.
pub fn id_text<A: Aggregate>(id: &A::Id) -> Cow<'_, str> {
    match (id as &dyn std::any::Any).downcast_ref::<String>() {
        // As it is, in place of a copy.
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(id.to_string()),
    }
}
