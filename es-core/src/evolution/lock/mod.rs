//! The schema lock in constants: a shape that is not as it is locked is a compile error, at the field that is not.

mod difference;

use std::marker::PhantomData;

use difference::{Difference, difference};

use crate::aggregate::Aggregate;
use crate::check::{Text, has_name, recorded, same};
use crate::event::Event;

/// What `events.lock` has of one aggregate; written by the derive, which reads the file.
#[derive(Debug, Clone, Copy)]
pub struct Locked {
    /// The path of the aggregate's type.
    pub path: &'static str,
    /// Its event versions.
    pub versions: &'static [LockedVersion],
}

/// An event version as the file has it.
#[derive(Debug, Clone, Copy)]
pub struct LockedVersion {
    /// The name of the event.
    pub event: &'static str,
    /// The version.
    pub version: u32,
    /// The serde attributes.
    pub serde: &'static str,
    /// The fields of the event, or its variants, which have no types.
    pub fields: &'static [LockedField],
}

/// A field, or a variant, as the file has it.
#[derive(Debug, Clone, Copy)]
pub struct LockedField {
    /// The name.
    pub name: &'static str,
    /// The type; empty for a variant.
    pub ty: &'static str,
    /// The serde attributes.
    pub serde: &'static str,
}

/// An aggregate with a lock file; written by its derive.
pub trait Locks: Aggregate {
    /// What the file has of it.
    const LOCKED: Locked;
    /// The path of its type. Another aggregate of that name, in a test or an example, is not what the file calls by it.
    const HERE: &'static str;
}

/// Says where in the source of an event each of its versions is declared; written by its derive, where there is a lock file.
pub trait Placed<A> {
    /// Checks the event against what `A` has locked: panics at the field that is not as it is locked.
    const CHECKED: () = ();
}

/// An event of type `E`, as `A` has it locked.
///
/// An event that is not [`Placed`], as one of another package, is checked as `A` lists it: what a type has itself comes before
/// what a trait gives it, and is there only where its bound holds.
///
/// ```text
/// // #[derive(Aggregate)] expands to, for each event:
/// const _: () = {
///     use private::NotPlaced as _;
///     let () = private::LockedEvent::<A, E>::CHECKED;
///     private::check_event::<A, E>();
/// };
/// ```
pub struct LockedEvent<A, E>(PhantomData<(A, E)>);

impl<A: Locks, E: Placed<A>> LockedEvent<A, E> {
    /// Checks it where it is declared.
    pub const CHECKED: () = E::CHECKED;
}

/// What [`LockedEvent`] has of an event that is not [`Placed`].
pub trait NotPlaced {
    /// Checks nothing.
    const CHECKED: () = ();
}

impl<A, E> NotPlaced for LockedEvent<A, E> {}

impl<A: Locks, E: Event> LockedEvent<A, E> {
    /// The first difference.
    const DIFFERENCE: Option<Difference> = difference(A::NAME, &A::LOCKED, A::HERE, &E::MODEL, E::SHAPES);
}

/// Checks the field, or the variant, that version `version` of `E` has by `name`.
///
/// # Panics
///
/// If it is not as it is locked: that is the compile error.
#[track_caller]
pub const fn check_member<A: Locks, E: Event>(version: u32, name: &str) {
    if let Some(difference) = &LockedEvent::<A, E>::DIFFERENCE
        && difference.version == version
        && same(difference.member, name)
    {
        panic!("{}", difference.text.as_str());
    }
}

/// Checks the versions of `E` before `oldest`, which are of another type.
///
/// # Panics
///
/// If one of them is not as it is locked: that is the compile error.
#[track_caller]
pub const fn check_before<A: Locks, E: Event>(oldest: u32) {
    if let Some(difference) = &LockedEvent::<A, E>::DIFFERENCE
        && difference.version < oldest
    {
        panic!("{}", difference.text.as_str());
    }
}

/// Checks all of `E`.
///
/// # Panics
///
/// If it is not as it is locked: that is the compile error.
#[track_caller]
pub const fn check_event<A: Locks, E: Event>() {
    if let Some(difference) = &LockedEvent::<A, E>::DIFFERENCE {
        panic!("{}", difference.text.as_str());
    }
}

/// Checks that `A` knows each event that is locked.
///
/// # Panics
///
/// If it does not: that is the compile error.
#[track_caller]
pub const fn check_known<A: Locks>() {
    let (locked, here) = (A::LOCKED, A::HERE);
    let mut at = 0;
    while at < locked.versions.len() && same(locked.path, here) {
        let event = locked.versions[at].event;
        let mut index = 0;
        while index < A::SHAPES.len() && !has_name(recorded(&A::MODEL, index), event) {
            index += 1;
        }
        if index == A::SHAPES.len() {
            let text = Text::new()
                .and("event `")
                .and(event)
                .and("` of `")
                .and(A::NAME)
                .and(
                    "` may be in a journal, but is in neither `events(..)` nor `retired(..)`; list it in `retired(..)`",
                )
                .and(", or, if it has another name now, give that event `aliases(\"")
                .and(event)
                .and("\")`")
                .and(UNLOCK);
            panic!("{}", text.as_str());
        }
        at += 1;
    }
}

const UNLOCK: &str = " (locked in `events.lock`; delete its block there if no journal ever held it)";
