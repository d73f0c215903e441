//! What happens to a loan application.

use es_core::prelude::*;
use serde::{Deserialize, Serialize};

use super::{OfferStep, Rule, Stage, Verdict};

/// A loan was asked for.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "submitted")]
pub struct Submitted {
    /// How much, in euros.
    pub amount: u64,
}

/// The assessment has reached a stage.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "assessed")]
pub struct Assessed {
    /// The stage.
    pub stage: Stage,
}

/// The application was decided.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "decided")]
pub struct Decided {
    /// How.
    pub verdict: Verdict,
}

/// The loan is in the books.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "registered")]
pub struct Registered;

/// The loan was paid out.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "activated")]
pub struct Activated;

/// An offer went a step on.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "offer_moved")]
pub struct OfferMoved {
    /// The step.
    pub step: OfferStep,
}

/// A work item is to be done.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "work_scheduled")]
pub struct WorkScheduled {
    /// What is to be done.
    pub work: String,
}

/// A clerk has a work item in hand.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "work_started")]
pub struct WorkStarted {
    /// What is done.
    pub work: String,
}

/// A clerk has put a work item out of hand.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "work_completed")]
pub struct WorkCompleted {
    /// What was done.
    pub work: String,
}

/// Something happened although a rule forbids it. It changes nothing but is not hidden either.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "irregularity_noted")]
pub struct IrregularityNoted {
    /// What happened.
    pub activity: String,
    /// Its part that did.
    pub transition: String,
    /// The rule that it breaks.
    pub rule: Rule,
}
