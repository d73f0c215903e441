//! What generated code does with the older versions of an event.

use serde::de::DeserializeOwned;

use super::{DecodeError, VersionShape};
use crate::__private::{decode_version, unknown_version};
use crate::check::{Text, same};
use crate::codec::{Codec, Payload};
use crate::event::Event;

/// Says that `Self` is the version before the oldest one in the history of the event `E`; written by the derive.
pub trait PreviousOf<E>: Event {
    /// The oldest version that still reads.
    const OLDEST: u32 = Self::MODEL.oldest;
    /// The shapes of the versions up to this one.
    const EARLIER: &'static [VersionShape] = Self::SHAPES;
    /// How many there are.
    const COUNT: usize = Self::SHAPES.len();
}

/// Makes the version `Self` of the one before it, by its `From`.
#[diagnostic::on_unimplemented(
    message = "nothing says how `{Old}` becomes `{Self}`",
    label = "the version before, and there is no way from it",
    note = "write `impl From<{Old}> for {Self}`"
)]
pub trait Upcast<Old> {
    /// The event as the next version has it.
    fn upcast(old: Old) -> Self;
}

#[diagnostic::do_not_recommend]
impl<Old, New: From<Old>> Upcast<Old> for New {
    fn upcast(old: Old) -> Self {
        New::from(old)
    }
}

/// A type with a value for events that are older than a field of it.
#[diagnostic::on_unimplemented(
    message = "nothing says what a field of type `{Self}` is in events that are older than it",
    label = "`{Self}` has no `Default`",
    note = "write `default = ..` beside `added`"
)]
pub trait Absent {
    /// The value.
    fn absent() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> Absent for T {
    fn absent() -> Self {
        T::default()
    }
}

/// What a field is in events that are older than it.
pub fn default_of<T: Absent>() -> T {
    T::absent()
}

/// What the user's function makes of an old value.
pub fn convert<Old, New, F: FnOnce(Old) -> New>(old: Old, with: F) -> New {
    with(old)
}

/// Reads a `T`, which is version `version` of the event `E`, and lifts it.
pub fn decode_older<E, C, T>(version: u32, payload: Payload<'_>) -> Result<E, DecodeError>
where
    E: Event + From<T>,
    C: Codec,
    T: DeserializeOwned,
{
    decode_version::<E, C, T>(version, payload).map(E::from)
}

/// Reads a version of `P` or of what came before it, and lifts it to `E` by way of `O`, the version behind `P`.
pub fn decode_previous<E, C, P, O>(version: u32, payload: Payload<'_>) -> Result<E, DecodeError>
where
    E: Event + From<O>,
    C: Codec,
    P: PreviousOf<E>,
    O: Upcast<P>,
{
    if version < E::MODEL.oldest {
        return Err(unknown_version::<E>(version));
    }
    P::decode::<C>(version, payload).map(|old| E::from(O::upcast(old)))
}

/// The shapes of the versions of one event, the older ones of another type: `N` in all.
pub const fn join_shapes<const N: usize>(
    older: &'static [VersionShape],
    newer: &'static [VersionShape],
) -> [VersionShape; N] {
    let mut joined = [newer[0]; N];
    let mut at = 0;
    while at < N {
        joined[at] = if at < older.len() { older[at] } else { newer[at - older.len()] };
        at += 1;
    }
    joined
}

/// Checks that `P` is the version of `E` before `oldest`, which is the oldest in the history of `E` itself.
///
/// # Panics
///
/// If it is not: that is the compile error.
#[track_caller]
pub const fn check_previous<E: Event, P: PreviousOf<E>>(oldest: u32) {
    let (event, previous) = (E::MODEL, P::MODEL);
    let text = Text::new().and("`").and(previous.type_name).and("` is ");
    if !same(event.name, previous.name) {
        let text = text.and("`").and(previous.name).and("` in the journal, and `").and(event.type_name).and("` is `");
        let text = text.and(event.name).and("`; write `#[event(name = \"").and(event.name).and("\", version = ");
        let text = text.and_number(oldest.saturating_sub(1)).and(")]` on `").and(previous.type_name).and("`");
        panic!("{}", text.as_str());
    }
    if previous.version != oldest.saturating_sub(1) {
        let text = text.and("version ").and_number(previous.version).and(", but version ").and_number(oldest);
        let text = text.and(" is the oldest in the history of `").and(event.type_name).and("`");
        let text = text.and(", and `previous` is the one before, version ").and_number(oldest.saturating_sub(1));
        panic!("{}", text.as_str());
    }
}
