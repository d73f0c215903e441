//! The names that the log has for what happens to an application.

use std::borrow::Cow;
use std::fmt;

use crate::application::{
    Activate, ApplicationCommand, ApplicationEvent, Assess, CompleteWork, Decide, MoveOffer, OfferStep, Register,
    ScheduleWork, Stage, StartWork, Submit, Verdict,
};

const STAGES: [(&str, Stage); 4] = [
    ("A_PARTLYSUBMITTED", Stage::PartlySubmitted),
    ("A_PREACCEPTED", Stage::Preaccepted),
    ("A_ACCEPTED", Stage::Accepted),
    ("A_FINALIZED", Stage::Finalized),
];
const VERDICTS: [(&str, Verdict); 3] =
    [("A_APPROVED", Verdict::Approved), ("A_DECLINED", Verdict::Declined), ("A_CANCELLED", Verdict::Cancelled)];
const OFFER_STEPS: [(&str, OfferStep); 7] = [
    ("O_SELECTED", OfferStep::Selected),
    ("O_CREATED", OfferStep::Created),
    ("O_SENT", OfferStep::Sent),
    ("O_SENT_BACK", OfferStep::SentBack),
    ("O_ACCEPTED", OfferStep::Accepted),
    ("O_DECLINED", OfferStep::Declined),
    ("O_CANCELLED", OfferStep::Cancelled),
];

/// The part of an activity that a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transition {
    /// It is to be done.
    Schedule,
    /// It begins.
    Start,
    /// It is done.
    Complete,
}

impl Transition {
    /// Reads the name that the log has for it.
    pub fn read(name: &str) -> Option<Self> {
        [Self::Schedule, Self::Start, Self::Complete].into_iter().find(|transition| transition.name() == name)
    }

    /// The name that the log has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schedule => "SCHEDULE",
            Self::Start => "START",
            Self::Complete => "COMPLETE",
        }
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The command that an activity stands for; `None` for one that there is not.
pub fn command(activity: &str, transition: Transition, amount: u64) -> Option<ApplicationCommand> {
    if let Some(work) = activity.strip_prefix("W_").filter(|work| !work.is_empty()) {
        let work = work.to_owned();
        return Some(match transition {
            Transition::Schedule => ScheduleWork { work }.into(),
            Transition::Start => StartWork { work }.into(),
            Transition::Complete => CompleteWork { work }.into(),
        });
    }
    // An application and an offer change in a moment, which the log calls complete.
    if transition != Transition::Complete {
        return None;
    }
    match activity {
        "A_SUBMITTED" => return Some(Submit { amount }.into()),
        "A_REGISTERED" => return Some(Register.into()),
        "A_ACTIVATED" => return Some(Activate.into()),
        _ => {}
    }
    let stage = of_name(&STAGES, activity).map(|stage| Assess { stage }.into());
    let verdict = || of_name(&VERDICTS, activity).map(|verdict| Decide { verdict }.into());
    let step = || of_name(&OFFER_STEPS, activity).map(|step| MoveOffer { step }.into());
    stage.or_else(verdict).or_else(step)
}

/// The activity that led to an event, and its part.
pub fn of_event(event: &ApplicationEvent) -> (Cow<'_, str>, &str) {
    let complete = Transition::Complete.name();
    let work = |work: &str, transition: Transition| (format!("W_{work}").into(), transition.name());
    match event {
        ApplicationEvent::Submitted(_) => ("A_SUBMITTED".into(), complete),
        ApplicationEvent::Registered(_) => ("A_REGISTERED".into(), complete),
        ApplicationEvent::Activated(_) => ("A_ACTIVATED".into(), complete),
        ApplicationEvent::Assessed(event) => (name_of(&STAGES, event.stage).into(), complete),
        ApplicationEvent::Decided(event) => (name_of(&VERDICTS, event.verdict).into(), complete),
        ApplicationEvent::OfferMoved(event) => (name_of(&OFFER_STEPS, event.step).into(), complete),
        ApplicationEvent::WorkScheduled(event) => work(&event.work, Transition::Schedule),
        ApplicationEvent::WorkStarted(event) => work(&event.work, Transition::Start),
        ApplicationEvent::WorkCompleted(event) => work(&event.work, Transition::Complete),
        ApplicationEvent::IrregularityNoted(event) => ((&*event.activity).into(), &event.transition),
    }
}

fn of_name<T: Copy>(names: &[(&str, T)], name: &str) -> Option<T> {
    names.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn name_of<T: PartialEq>(names: &[(&'static str, T)], value: T) -> &'static str {
    // Each value is in its list, which a test checks.
    names.iter().find(|(_, known)| *known == value).map_or("?", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::Application;
    use es_core::prelude::*;

    #[test]
    fn a_command_and_the_event_that_it_leads_to_have_one_name() {
        let path = [
            ("A_SUBMITTED", Transition::Complete),
            ("A_PARTLYSUBMITTED", Transition::Complete),
            ("W_Afhandelen leads", Transition::Schedule),
            ("W_Afhandelen leads", Transition::Start),
            ("A_PREACCEPTED", Transition::Complete),
            ("W_Afhandelen leads", Transition::Complete),
            ("A_ACCEPTED", Transition::Complete),
            ("A_FINALIZED", Transition::Complete),
            ("O_SELECTED", Transition::Complete),
            ("O_CREATED", Transition::Complete),
            ("O_SENT", Transition::Complete),
            ("O_CANCELLED", Transition::Complete),
            ("O_SELECTED", Transition::Complete),
            ("O_CREATED", Transition::Complete),
            ("O_SENT", Transition::Complete),
            ("O_SENT_BACK", Transition::Complete),
            ("O_ACCEPTED", Transition::Complete),
            ("A_REGISTERED", Transition::Complete),
            ("A_APPROVED", Transition::Complete),
            ("A_ACTIVATED", Transition::Complete),
        ];
        let mut application = Application::default();
        let context = Context::new(Timestamp::UNIX_EPOCH, Metadata::default());
        for (activity, transition) in path {
            let command = command(activity, transition, 1).unwrap();
            let events = application.handle_command(command, &context).unwrap().into_vec();
            let [event] = &events[..] else { panic!("{activity} leads to {events:?}") };
            assert_eq!(of_event(event), (activity.into(), transition.name()));
            application.apply_event(event);
        }
    }

    #[test]
    fn the_lists_of_names_are_whole() {
        for (name, stage) in STAGES {
            assert_eq!(name_of(&STAGES, stage), name);
        }
        for (name, verdict) in VERDICTS {
            assert_eq!(name_of(&VERDICTS, verdict), name);
        }
        for (name, step) in OFFER_STEPS {
            assert_eq!(name_of(&OFFER_STEPS, step), name);
        }
    }

    #[test]
    fn what_is_not_in_the_lists_is_no_command() {
        for activity in ["A_FORGOTTEN", "W_", "X_Anything", "", "a_submitted"] {
            assert!(command(activity, Transition::Complete, 1).is_none(), "{activity}");
        }
        assert!(command("A_SUBMITTED", Transition::Start, 1).is_none());
        assert!(command("W_Anything new", Transition::Start, 1).is_some());
        assert_eq!(Transition::read("complete"), None);
    }
}
