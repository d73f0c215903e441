//! `Offers`: how far the offers of an application are.

use super::{OfferStep, Rule};

/// How many offers have come to each step.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Offers {
    /// Those that are going to be made.
    pub selected: u32,
    /// Those that are written.
    pub created: u32,
    /// Those that the customer has.
    pub sent: u32,
    /// Those that the customer has answered.
    pub sent_back: u32,
    /// Those that were taken, taken back or replaced.
    pub closed: u32,
    /// Whether one was taken.
    pub accepted: bool,
}

impl Offers {
    /// What they are when one takes a step.
    pub fn after(mut self, step: OfferStep) -> Self {
        match step {
            OfferStep::Selected => self.selected += 1,
            OfferStep::Created => self.created += 1,
            OfferStep::Sent => self.sent += 1,
            OfferStep::SentBack => self.sent_back += 1,
            OfferStep::Accepted => (self.closed, self.accepted) = (self.closed + 1, true),
            OfferStep::Declined | OfferStep::Cancelled => self.closed += 1,
        }
        self
    }

    /// Checks that one can take a step.
    pub fn check(self, step: OfferStep) -> Result<(), Rule> {
        let Self { selected, created, sent, sent_back, closed, accepted } = self;
        match step {
            OfferStep::Created if created >= selected => Err(Rule::OfferNotSelected),
            OfferStep::Sent if sent >= created => Err(Rule::OfferNotCreated),
            OfferStep::SentBack if sent_back >= sent => Err(Rule::OfferNotSent),
            OfferStep::Accepted if accepted => Err(Rule::OfferAcceptedTwice),
            OfferStep::Accepted | OfferStep::Declined | OfferStep::Cancelled if closed >= sent => {
                Err(Rule::OfferNotSent)
            }
            _ => Ok(()),
        }
    }
}
