//! What may name an aggregate where one is asked for.

use std::borrow::Cow;

use super::Aggregate;

/// A value that names one aggregate of type `A`: an id of its type, by value or by reference, or a `&str`
/// where the type is `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name an aggregate `{A}`",
    label = "expected the id type of `{A}`",
    note = "the id type is `String`, or what `id = ..` in `#[aggregate(..)]` says"
)]
pub trait IdOf<A> {
    /// The id as the journal holds it.
    fn id_text(&self) -> Cow<'_, str>;
}

impl<A: Aggregate<Id = String>> IdOf<A> for &str {
    fn id_text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}
