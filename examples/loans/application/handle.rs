//! What an application answers to each command: the rules.

use es_core::prelude::*;

use super::{
    Activate, Activated, Application, Assess, Assessed, CompleteWork, Decide, Decided, IrregularityNoted, MoveOffer,
    NoteIrregularity, OfferMoved, Register, Registered, Rule, ScheduleWork, Stage, StartWork, Submit, Submitted,
    Verdict, Work, WorkCompleted, WorkScheduled, WorkStarted,
};

impl Application {
    fn check_submitted(&self) -> Result<(), Rule> {
        self.amount.map(drop).ok_or(Rule::NotSubmitted)
    }

    /// Checks that the loan can be granted, or is.
    fn check_granted(&self) -> Result<(), Rule> {
        match self.verdict {
            Some(Verdict::Declined | Verdict::Cancelled) => Err(Rule::DecidedTwice),
            _ if self.stage == Some(Stage::Finalized) => Ok(()),
            _ => Err(Rule::NotFinalized),
        }
    }

    fn work(&self, work: &str) -> Option<Work> {
        self.work.get(work).copied()
    }
}

impl Handle<Submit> for Application {
    fn handle(&self, command: Submit, _: &Context) -> Decision<Self> {
        match self.amount {
            None => accept(Submitted { amount: command.amount }),
            Some(_) => reject(Rule::SubmittedTwice),
        }
    }
}

impl Handle<Assess> for Application {
    fn handle(&self, Assess { stage }: Assess, _: &Context) -> Decision<Self> {
        self.check_submitted()?;
        let next = match self.stage {
            _ if self.verdict.is_some() => return reject(Rule::AssessedAfterDecision),
            None => Some(Stage::PartlySubmitted),
            Some(Stage::PartlySubmitted) => Some(Stage::Preaccepted),
            Some(Stage::Preaccepted) => Some(Stage::Accepted),
            Some(Stage::Accepted) => Some(Stage::Finalized),
            Some(Stage::Finalized) => None,
        };
        if next == Some(stage) { accept(Assessed { stage }) } else { reject(Rule::StageOutOfOrder) }
    }
}

impl Handle<Decide> for Application {
    fn handle(&self, Decide { verdict }: Decide, _: &Context) -> Decision<Self> {
        self.check_submitted()?;
        let granted = self.registered || self.activated;
        match verdict {
            _ if self.verdict.is_some() => return reject(Rule::DecidedTwice),
            Verdict::Approved => self.check_granted()?,
            Verdict::Declined | Verdict::Cancelled if granted => return reject(Rule::DecidedTwice),
            Verdict::Declined | Verdict::Cancelled => {}
        }
        accept(Decided { verdict })
    }
}

impl Handle<Register> for Application {
    fn handle(&self, _: Register, _: &Context) -> Decision<Self> {
        self.check_submitted()?;
        self.check_granted()?;
        if self.registered { reject(Rule::RegisteredTwice) } else { accept(Registered) }
    }
}

impl Handle<Activate> for Application {
    fn handle(&self, _: Activate, _: &Context) -> Decision<Self> {
        self.check_submitted()?;
        self.check_granted()?;
        if self.activated { reject(Rule::ActivatedTwice) } else { accept(Activated) }
    }
}

impl Handle<MoveOffer> for Application {
    fn handle(&self, MoveOffer { step }: MoveOffer, _: &Context) -> Decision<Self> {
        self.check_submitted()?;
        self.offers.check(step)?;
        accept(OfferMoved { step })
    }
}

impl Handle<ScheduleWork> for Application {
    fn handle(&self, ScheduleWork { work }: ScheduleWork, _: &Context) -> Decision<Self> {
        self.check_submitted()?;
        match self.work(&work) {
            Some(Work { waiting: true, .. }) => reject(Rule::WorkScheduledTwice),
            _ => accept(WorkScheduled { work }),
        }
    }
}

impl Handle<StartWork> for Application {
    fn handle(&self, StartWork { work }: StartWork, _: &Context) -> Decision<Self> {
        self.check_submitted()?;
        match self.work(&work) {
            None => reject(Rule::WorkNotScheduled),
            Some(Work { in_hand: true, .. }) => reject(Rule::WorkStartedTwice),
            Some(_) => accept(WorkStarted { work }),
        }
    }
}

impl Handle<CompleteWork> for Application {
    fn handle(&self, CompleteWork { work }: CompleteWork, _: &Context) -> Decision<Self> {
        self.check_submitted()?;
        match self.work(&work) {
            Some(Work { in_hand: true, .. }) => accept(WorkCompleted { work }),
            _ => reject(Rule::WorkNotStarted),
        }
    }
}

impl Handle<NoteIrregularity> for Application {
    fn handle(&self, command: NoteIrregularity, _: &Context) -> Decision<Self> {
        let NoteIrregularity { activity, transition, rule } = command;
        accept(IrregularityNoted { activity, transition, rule })
    }
}
