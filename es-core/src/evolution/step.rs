//! What generated code does with the older versions of an event.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::{DecodeError, VersionShape};
use crate::__private::{decode_version, unknown_version};
use crate::check::{Text, has_name, same};
use crate::codec::{Codec, Payload};
use crate::event::Event;

/// What an event has of the version before its own, whose struct is `P`.
///
/// Where `P` is no event, [`check_previous`] says so, and what is here of a [`NoEvent`] keeps it the only one that does:
/// what a type has itself comes before what a trait gives it, and is there only where its bound holds.
///
/// ```text
/// // #[derive(Event)] expands to, for `previous = P`:
/// { use private::NoEvent as _; private::Previous::<P>::MODEL }
/// ```
pub struct Previous<P>(PhantomData<P>);

impl<P: Event> Previous<P> {
    /// The oldest version that still reads.
    pub const OLDEST: u32 = P::MODEL.oldest;
    /// The shapes of the versions up to this one.
    pub const SHAPES: &'static [VersionShape] = P::SHAPES;

    /// Reads this version, or one before.
    pub fn decode<C: Codec>(version: u32, payload: &Payload<'_>) -> Result<P, DecodeError> {
        P::decode::<C>(version, payload)
    }
}

/// What [`Previous`] has of a type that is no event.
pub trait NoEvent<P> {
    /// No version.
    const OLDEST: u32 = 0;
    /// No shape.
    const SHAPES: &'static [VersionShape] = &[];

    /// Reads nothing.
    fn decode<C: Codec>(version: u32, _: &Payload<'_>) -> Result<P, DecodeError> {
        Err(DecodeError::Version { name: String::new(), version, oldest: 0, newest: 0 })
    }
}

impl<P> NoEvent<P> for Previous<P> {}

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
pub fn decode_older<E, C, T>(version: u32, payload: &Payload<'_>) -> Result<E, DecodeError>
where
    E: Event + From<T>,
    C: Codec,
    T: DeserializeOwned,
{
    decode_version::<E, C, T>(version, payload).map(E::from)
}

/// Reads what is older than the history of `E` by `read`, and lifts it by way of `O`, the oldest version in there.
pub fn decode_previous<E, P, O>(
    version: u32,
    payload: &Payload<'_>,
    read: fn(u32, &Payload<'_>) -> Result<P, DecodeError>,
) -> Result<E, DecodeError>
where
    E: Event + From<O>,
    O: Upcast<P>,
{
    if version < E::MODEL.oldest {
        return Err(unknown_version::<E>(version));
    }
    read(version, payload).map(|old| E::from(O::upcast(old)))
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
pub const fn check_previous<E: Event, P: Event>(oldest: u32) {
    let (event, previous) = (E::MODEL, P::MODEL);
    let text = Text::new().and("`").and(previous.type_name).and("` is ");
    if !same(event.name, previous.name) {
        let text = text.and("`").and(previous.name).and("` in the journal, and `").and(event.type_name).and("` is `");
        let text = text.and(event.name).and("`; write `#[event(name = \"").and(event.name).and("\", version = ");
        let text = text.and_number(oldest.saturating_sub(1)).and(")]` on `").and(previous.type_name).and("`");
        panic!("{}", text.as_str());
    }
    let mut at = 0;
    while at < previous.aliases.len() {
        let alias = previous.aliases[at];
        if !has_name(&event, alias) {
            let text = text.and("`").and(alias).and("` in the journal as well; write `aliases(\"").and(alias);
            panic!("{}", text.and("\")` on `").and(event.type_name).and("`").as_str());
        }
        at += 1;
    }
    if previous.version != oldest.saturating_sub(1) {
        let text = text.and("version ").and_number(previous.version).and(", but version ").and_number(oldest);
        let text = text.and(" is the oldest in the history of `").and(event.type_name).and("`");
        let text = text.and(", and `previous` is the one before, version ").and_number(oldest.saturating_sub(1));
        panic!("{}", text.as_str());
    }
}
