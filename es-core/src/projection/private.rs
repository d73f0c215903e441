//! What the code that `#[derive(Projection)]` writes calls.

pub use std::convert::identity;
use std::future::ready;

pub use super::{
    BoxFuture, InMemory, Occasion, OfAggregate, OneByOne, Project, ProjectBatch, Projected, ProjectedBy, Projection,
    Reacting, ReadModel, ReadStore, Routes, Stumble, TxOf,
};
pub use crate::event::Recorded;

/// Does nothing: for a view in memory, which needs no table.
pub fn nothing<'a>() -> BoxFuture<'a, Projected> {
    Box::pin(ready(Ok(())))
}

/// What a view in memory starts from.
#[diagnostic::on_unimplemented(
    message = "projection `{Self}` has no value to start from",
    label = "a view `in_memory` starts from its `Default`, at first and when it is built anew",
    note = "write `#[derive(Default)]` on it, or `impl Default for {Self}`"
)]
pub trait Empty {
    /// The view before the first event.
    fn empty() -> Self;
}

#[diagnostic::do_not_recommend]
impl<P: Default> Empty for P {
    fn empty() -> Self {
        Self::default()
    }
}

/// Makes a view in memory what it starts from.
pub fn start_again<'a, P: Empty>(view: &mut P) -> BoxFuture<'a, Projected> {
    *view = P::empty();
    nothing()
}
