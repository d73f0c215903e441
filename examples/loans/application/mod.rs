//! The domain: a loan application, what may happen to it, and the rules. Nothing in here knows of files or databases.

mod commands;
mod events;
mod handle;
mod offers;
mod rule;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use es_core::prelude::*;

pub use commands::{
    Activate, Assess, CompleteWork, Decide, MoveOffer, NoteIrregularity, Register, ScheduleWork, StartWork, Submit,
};
pub use events::{
    Activated, Assessed, Decided, IrregularityNoted, OfferMoved, Registered, Submitted, WorkCompleted, WorkScheduled,
    WorkStarted,
};
pub use offers::Offers;
pub use rule::Rule;
pub use terms::{OfferStep, Stage, Verdict};

/// A loan application, from its submission to the loan or to a no.
#[derive(Aggregate, Debug, Default, Clone, PartialEq)]
#[aggregate(
    name = "application",
    commands(
        Submit, Assess, Decide, Register, Activate, MoveOffer, ScheduleWork, StartWork, CompleteWork, NoteIrregularity
    ),
    events(
        Submitted,
        Assessed,
        Decided,
        Registered,
        Activated,
        OfferMoved,
        WorkScheduled,
        WorkStarted,
        WorkCompleted,
        IrregularityNoted(ignored)
    ),
    error = Rule
)]
pub struct Application {
    /// How much is asked for.
    #[apply(Submitted => Some(event.amount))]
    pub amount: Option<u64>,
    /// The stage that is reached.
    #[apply(Assessed => Some(event.stage))]
    pub stage: Option<Stage>,
    /// The decision.
    #[apply(Decided => Some(event.verdict))]
    pub verdict: Option<Verdict>,
    /// Whether the loan is in the books.
    #[apply(Registered => true)]
    pub registered: bool,
    /// Whether the loan was paid out.
    #[apply(Activated => true)]
    pub activated: bool,
    /// The offers that were made.
    #[apply(OfferMoved => self.offers.after(event.step))]
    pub offers: Offers,
    /// The work items there are or were, by what is done.
    pub work: BTreeMap<String, Work>,
}

/// A work item.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Whether it waits for a clerk.
    pub waiting: bool,
    /// Whether a clerk has it in hand.
    pub in_hand: bool,
}

impl Apply<WorkScheduled> for Application {
    fn apply(&mut self, event: &WorkScheduled) {
        self.work.entry(event.work.clone()).or_default().waiting = true;
    }
}

impl Apply<WorkStarted> for Application {
    fn apply(&mut self, event: &WorkStarted) {
        self.work.insert(event.work.clone(), Work { waiting: false, in_hand: true });
    }
}

impl Apply<WorkCompleted> for Application {
    fn apply(&mut self, event: &WorkCompleted) {
        self.work.entry(event.work.clone()).or_default().in_hand = false;
    }
}
