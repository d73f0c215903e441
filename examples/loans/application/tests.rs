use es_core::testing::Scenario;

use super::*;

fn work() -> String {
    "check the papers".to_owned()
}

fn finalized() -> Vec<ApplicationEvent> {
    let stages = [Stage::PartlySubmitted, Stage::Preaccepted, Stage::Accepted, Stage::Finalized];
    let assessed = stages.map(|stage| Assessed { stage }.into());
    std::iter::once(Submitted { amount: 5_000 }.into()).chain(assessed).collect()
}

#[test]
fn nothing_happens_before_the_submission() {
    let commands: [ApplicationCommand; 8] = [
        Assess { stage: Stage::PartlySubmitted }.into(),
        Decide { verdict: Verdict::Declined }.into(),
        Register.into(),
        Activate.into(),
        MoveOffer { step: OfferStep::Selected }.into(),
        ScheduleWork { work: work() }.into(),
        StartWork { work: work() }.into(),
        CompleteWork { work: work() }.into(),
    ];
    for command in commands {
        Scenario::<Application>::new().when(command).then_error(Rule::NotSubmitted);
    }
}

#[test]
fn an_application_is_submitted_once() {
    Scenario::<Application>::given(Submitted { amount: 5_000 })
        .when(Submit { amount: 7_000 })
        .then_error(Rule::SubmittedTwice);
}

#[test]
fn stages_are_reached_in_their_order() {
    Scenario::<Application>::given(Submitted { amount: 5_000 })
        .when(Assess { stage: Stage::Preaccepted })
        .then_error(Rule::StageOutOfOrder)
        .when(Assess { stage: Stage::PartlySubmitted })
        .then(Assessed { stage: Stage::PartlySubmitted })
        .when(Assess { stage: Stage::PartlySubmitted })
        .then_error(Rule::StageOutOfOrder);
    Scenario::<Application>::given(finalized())
        .when(Assess { stage: Stage::Finalized })
        .then_error(Rule::StageOutOfOrder);
}

#[test]
fn an_application_is_decided_once() {
    for verdict in [Verdict::Declined, Verdict::Cancelled] {
        Scenario::<Application>::given(finalized())
            .when(Decide { verdict })
            .then(Decided { verdict })
            .when(Decide { verdict: Verdict::Approved })
            .then_error(Rule::DecidedTwice)
            .when(Register)
            .then_error(Rule::DecidedTwice);
    }
    Scenario::<Application>::given((Submitted { amount: 1 }, Decided { verdict: Verdict::Declined }))
        .when(Assess { stage: Stage::PartlySubmitted })
        .then_error(Rule::AssessedAfterDecision);
}

#[test]
fn a_loan_is_granted_when_all_is_final_whatever_comes_first() {
    Scenario::<Application>::given(Submitted { amount: 1 })
        .when(Decide { verdict: Verdict::Approved })
        .then_error(Rule::NotFinalized);
    Scenario::<Application>::given(finalized())
        .when(Activate)
        .then(Activated)
        .when(Decide { verdict: Verdict::Declined })
        .then_error(Rule::DecidedTwice)
        .when(Decide { verdict: Verdict::Approved })
        .then(Decided { verdict: Verdict::Approved })
        .when(Register)
        .then(Registered)
        .when(Register)
        .then_error(Rule::RegisteredTwice);
}

#[test]
fn an_offer_goes_step_by_step() {
    let step = |step| MoveOffer { step };
    let moved = |step| OfferMoved { step };
    Scenario::<Application>::given(Submitted { amount: 1 })
        .when(step(OfferStep::Created))
        .then_error(Rule::OfferNotSelected)
        .when(step(OfferStep::Selected))
        .then(moved(OfferStep::Selected))
        .when(step(OfferStep::Sent))
        .then_error(Rule::OfferNotCreated)
        .when(step(OfferStep::Created))
        .then(moved(OfferStep::Created))
        .when(step(OfferStep::Accepted))
        .then_error(Rule::OfferNotSent)
        .when(step(OfferStep::Sent))
        .then(moved(OfferStep::Sent))
        .when(step(OfferStep::Accepted))
        .then(moved(OfferStep::Accepted))
        .when(step(OfferStep::Accepted))
        .then_error(Rule::OfferAcceptedTwice)
        .when(step(OfferStep::Cancelled))
        .then_error(Rule::OfferNotSent);
}

#[test]
fn work_is_scheduled_started_and_completed_and_may_be_taken_up_again() {
    Scenario::<Application>::given(Submitted { amount: 1 })
        .when(StartWork { work: work() })
        .then_error(Rule::WorkNotScheduled)
        .when(ScheduleWork { work: work() })
        .then(WorkScheduled { work: work() })
        .when(ScheduleWork { work: work() })
        .then_error(Rule::WorkScheduledTwice)
        .when(CompleteWork { work: work() })
        .then_error(Rule::WorkNotStarted)
        .when(StartWork { work: work() })
        .then(WorkStarted { work: work() })
        .when(StartWork { work: work() })
        .then_error(Rule::WorkStartedTwice)
        .when(CompleteWork { work: work() })
        .then(WorkCompleted { work: work() })
        .when(CompleteWork { work: work() })
        .then_error(Rule::WorkNotStarted)
        .when(StartWork { work: work() })
        .then(WorkStarted { work: work() });
}
