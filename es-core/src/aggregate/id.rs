//! What may name an aggregate where one is asked for.

use std::borrow::Cow;

use super::Aggregate;

/// A value that names one aggregate of type `A`: an id of its type, by value or by reference, or a `&str`
/// where the type is `String`.
///
/// `Id` is that type, and is left out: `id: impl IdOf<Account>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name an aggregate `{A}`, whose ids are of type `{Id}`",
    label = "expected `{Id}`, or a reference to it",
    note = "the type is what `id = ..` in `#[aggregate(..)]` of `{A}` says, or `String`; `.to_string()` makes a text \
            of a value, and `.parse::<{Id}>()` an id of a text"
)]
pub trait IdOf<A: Aggregate, Id = <A as Aggregate>::Id> {
    /// The id as the journal holds it.
    fn id_text(&self) -> Cow<'_, str>;
}

// The type of the ids is a parameter, so that this is no candidate where it is another one: rustc would speak of `String`
// then, and not of the type that is asked for.
impl<A: Aggregate<Id = String>> IdOf<A, String> for &str {
    fn id_text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

/// The ids of no aggregate.
pub struct NoId;

// Keeps the one above from being the only candidate, which rustc would take before it knows the aggregate.
#[doc(hidden)]
#[diagnostic::do_not_recommend]
impl<A: Aggregate> IdOf<A, NoId> for &str {
    fn id_text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}
