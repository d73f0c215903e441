//! The words of the domain.

use serde::{Deserialize, Serialize};

/// How far the bank has assessed an application.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The first papers are there.
    PartlySubmitted,
    /// It looks sound.
    Preaccepted,
    /// An offer can be made.
    Accepted,
    /// The offer is ready.
    Finalized,
}

/// What the bank, or the customer, decided.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The customer gets the loan.
    Approved,
    /// The bank says no.
    Declined,
    /// The customer does not want it any more.
    Cancelled,
}

/// What becomes of an offer.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum OfferStep {
    /// It is going to be made.
    Selected,
    /// It is written.
    Created,
    /// The customer has it.
    Sent,
    /// The customer has answered.
    SentBack,
    /// The customer takes it.
    Accepted,
    /// The bank takes it back.
    Declined,
    /// Another one, or none, takes its place.
    Cancelled,
}
