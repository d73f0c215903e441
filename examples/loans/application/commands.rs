//! What is asked of a loan application.

use es_core::prelude::*;

use super::{OfferStep, Rule, Stage, Verdict};

/// Ask for a loan.
#[derive(Command, Debug, Clone)]
pub struct Submit {
    /// How much, in euros.
    pub amount: u64,
}

/// Take the assessment a stage on.
#[derive(Command, Debug, Clone)]
pub struct Assess {
    /// The stage that is reached.
    pub stage: Stage,
}

/// Approve, decline or cancel it.
#[derive(Command, Debug, Clone)]
pub struct Decide {
    /// Which of them.
    pub verdict: Verdict,
}

/// Enter the loan in the books.
#[derive(Command, Debug, Clone)]
pub struct Register;

/// Pay the loan out.
#[derive(Command, Debug, Clone)]
pub struct Activate;

/// Take an offer a step on.
#[derive(Command, Debug, Clone)]
pub struct MoveOffer {
    /// The step that it takes.
    pub step: OfferStep,
}

/// Put a work item on the list of what is to be done.
#[derive(Command, Debug, Clone)]
pub struct ScheduleWork {
    /// What is to be done.
    pub work: String,
}

/// Begin with a work item, or go on with it.
#[derive(Command, Debug, Clone)]
pub struct StartWork {
    /// What is done.
    pub work: String,
}

/// Put a work item out of hand.
#[derive(Command, Debug, Clone)]
pub struct CompleteWork {
    /// What was done.
    pub work: String,
}

/// Note what happened although a rule forbids it.
#[derive(Command, Debug, Clone)]
pub struct NoteIrregularity {
    /// What happened.
    pub activity: String,
    /// Its part that did.
    pub transition: String,
    /// The rule that it breaks.
    pub rule: Rule,
}
