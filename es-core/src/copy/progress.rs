//! How far a copy is.

use std::fmt;

use crate::event::Position;

/// How far a [`JournalCopy`](crate::JournalCopy) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyProgress {
    /// What it is doing.
    pub step: CopyStep,
    /// The events that it is done with; while it copies snapshots, the number of these.
    pub events: u64,
    /// The position of the source up to which it is done with.
    pub position: Position,
    /// The position of the source at which the step ends.
    pub head: Position,
}

/// What a [`JournalCopy`](crate::JournalCopy) does, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyStep {
    /// Compares what the destination has already.
    Compare,
    /// Writes events.
    Copy,
    /// Compares what was written.
    Verify,
    /// Writes or compares snapshots.
    Snapshots,
}

type Report<'a> = Box<dyn FnMut(&CopyProgress) + Send + 'a>;

/// Tells the caller.
#[derive(Default)]
pub(super) struct Reporter<'a> {
    report: Option<Report<'a>>,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(report: impl FnMut(&CopyProgress) + Send + 'a) -> Self {
        Self { report: Some(Box::new(report)) }
    }

    pub(super) fn report(&mut self, step: CopyStep, events: u64, position: Position, head: Position) {
        if let Some(report) = &mut self.report {
            report(&CopyProgress { step, events, position, head });
        }
    }
}

impl fmt::Debug for Reporter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reporter")
    }
}
