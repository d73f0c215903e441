//! What generated code calls. Not for use by hand: it changes without notice.

pub use std::borrow::Cow;
pub use std::clone::Clone;
pub use std::convert::{From, Into};
pub use std::default::Default;
pub use std::fmt::Debug;
pub use std::option::Option;
pub use std::result::Result;
pub use std::string::{String, ToString};
pub use std::vec::Vec;

pub use crate::BoxError;
pub use crate::aggregate::{
    Aggregate, Apply, Command, CommandOf, Context, Decision, EventKind, EventOf, Events, Handle, IdOf, IntoEvents,
};
pub use crate::codec::{Codec, Json, Payload, PayloadError};
pub use crate::event::{Event, EventData};
pub use crate::evolution::{
    Content, DecodeError, FieldShape, NestedShape, NoShape, Probe, Shape, TypeShape, VariantShape, VersionShape,
};
pub use crate::model::{AggregateModel, CommandModel, EventModel, FieldModel};
pub use crate::snapshot::SnapshotPolicy;

/// Writes an event of type `E` in the codec of `A`.
pub fn encode<A: Aggregate, E: Event>(event: &E, bytes: &mut Vec<u8>) -> Result<EventKind, BoxError> {
    A::Codec::encode(event, bytes)?;
    Ok(EventKind { name: E::MODEL.name, version: E::MODEL.version })
}

/// Reads an event of type `E` as one event of `A`.
pub fn decode<A, E>(version: u32, payload: Payload<'_>) -> Result<Events<A>, DecodeError>
where
    A: Aggregate,
    A::Event: From<E>,
    E: Event,
{
    let event = E::decode::<A::Codec>(version, payload)?;
    Ok(Events::one(event.into()))
}

/// Reads the payload of version `version` of the event `E` as a `T`: the event itself, or a struct of an older version.
pub fn decode_version<E: Event, C: Codec, T: serde::de::DeserializeOwned>(
    version: u32,
    payload: Payload<'_>,
) -> Result<T, DecodeError> {
    payload.read::<C, T>().map_err(|source| DecodeError::Payload { name: E::MODEL.name.to_owned(), version, source })
}

/// Says that the program does not know version `version` of the event `E`.
pub fn unknown_version<E: Event>(version: u32) -> DecodeError {
    let model = E::MODEL;
    DecodeError::Version { name: model.name.to_owned(), version, oldest: model.oldest, newest: model.version }
}

/// Says that `decode_event` was called with an index that `resolve` does not give.
pub fn unknown_index<A: Aggregate>(index: usize) -> DecodeError {
    DecodeError::Name { aggregate: A::NAME.to_owned(), name: format!("#{index}") }
}

/// A hash of the source of a state's shape: FNV-1a, 64 bits.
pub const fn shape(source: &str) -> u64 {
    let bytes = source.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

/// Writes a state in the codec of its aggregate.
pub fn encode_state<A: Aggregate + serde::Serialize>(state: &A, bytes: &mut Vec<u8>) -> Result<(), BoxError> {
    A::Codec::encode(state, bytes)
}

/// Reads a state in the codec of its aggregate.
pub fn decode_state<A: Aggregate + serde::de::DeserializeOwned>(payload: Payload<'_>) -> Result<A, PayloadError> {
    payload.read::<A::Codec, A>()
}

/// The text of an id.
pub fn id_text<T: std::fmt::Display + ?Sized>(id: &T) -> Cow<'static, str> {
    Cow::Owned(id.to_string())
}
