//! What the code that `#[derive(Reaction)]` writes calls.

pub use super::{React, ReactedBy, Reaction, Reactions, SentBy, Targets};
pub use crate::journal::Journal;
pub use crate::snapshot::SnapshotStore;

/// Has commands sent to an aggregate that is listed.
pub fn add_target<A: crate::aggregate::Aggregate, J: Journal + SnapshotStore + Clone>(journal: &J, targets: &Targets) {
    targets.add::<A, J>(journal);
}
