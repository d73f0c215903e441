//! `Rule`: what may not happen to an application.

use serde::{Deserialize, Serialize};

/// A rule that a command would break. It is why an application rejects the command.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Something was to happen before the submission.
    #[error("an application is submitted before anything else happens to it")]
    NotSubmitted,
    /// It was to be submitted again.
    #[error("an application is submitted once")]
    SubmittedTwice,
    /// A stage was to be left out or reached again.
    #[error("an application goes from one stage to the next")]
    StageOutOfOrder,
    /// It was to be assessed although it is decided.
    #[error("an application is not assessed any more when it is decided")]
    AssessedAfterDecision,
    /// It was to be decided again.
    #[error("an application is decided once")]
    DecidedTwice,
    /// A loan was to be granted too early.
    #[error("a loan is granted when its application is final")]
    NotFinalized,
    /// It was to be entered in the books again.
    #[error("a loan is registered once")]
    RegisteredTwice,
    /// It was to be paid out again.
    #[error("a loan is activated once")]
    ActivatedTwice,
    /// An offer was to be written that nobody selected.
    #[error("an offer is selected before it is created")]
    OfferNotSelected,
    /// An offer was to be sent that is not written.
    #[error("an offer is created before it is sent")]
    OfferNotCreated,
    /// An offer was to be answered, or closed, that the customer does not have.
    #[error("an offer is sent before it is answered or closed, and closed once")]
    OfferNotSent,
    /// A second offer was to be taken.
    #[error("one offer is accepted")]
    OfferAcceptedTwice,
    /// A work item was to be scheduled that waits already.
    #[error("a work item is not scheduled again while it waits")]
    WorkScheduledTwice,
    /// A work item was to be started that is not on the list.
    #[error("a work item is scheduled before it is started")]
    WorkNotScheduled,
    /// A work item was to be started that is in hand.
    #[error("a work item is not started again while it is in hand")]
    WorkStartedTwice,
    /// A work item was to be completed that is not in hand.
    #[error("a work item is started before it is completed")]
    WorkNotStarted,
}
