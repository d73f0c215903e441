//! What a scenario checks, and how it says that something is wrong.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{Account, BelowZero, Decrease, Decreased, Increase, IncreaseTwice, Increased, Look};
use es_core::prelude::*;
use es_core::testing::Scenario;
use serde::{Deserialize, Serialize};

/// The message of the panic of `scenario`.
fn message(scenario: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(scenario)).expect_err("the scenario should fail");
    panic.downcast_ref::<String>().cloned().expect("a message")
}

#[test]
fn what_comes_out_as_said_passes_step_by_step() {
    Scenario::<Account>::given((Increased { by: 100 }, Decreased { by: 30 }))
        .when(Decrease { by: 100 })
        .then_error(BelowZero)
        .then_state(Account { balance: 70, changes: 2 })
        .when(IncreaseTwice { by: 1 })
        .then([Increased { by: 1 }, Increased { by: 1 }])
        .and(Decreased { by: 2 })
        .when(Look)
        .then_nothing()
        .then_state(Account { balance: 70, changes: 5 });
}

#[test]
fn other_events_are_shown_as_a_diff() {
    let message = message(|| {
        Scenario::<Account>::new().when(Increase { by: 2 }).then(Increased { by: 3 });
    });
    let diff = "Increase(Increase { by: 2 }) gave other events\n  \
                - expected, + actual\n    [\n        Increased(\n            Increased {\n  \
                -             by: 3,\n  +             by: 2,\n            },\n        ),\n    ]\n";
    assert_eq!(message, diff);
}

#[test]
fn a_rejection_where_events_were_expected_shows_the_error() {
    let message = message(|| {
        Scenario::<Account>::new().when(Decrease { by: 2 }).then(Decreased { by: 2 });
    });
    assert!(message.starts_with("Decrease(Decrease { by: 2 }) was rejected: balance falls below 0\n"), "{message}");
}

#[test]
fn events_where_an_error_was_expected_are_shown() {
    let message = message(|| {
        Scenario::<Account>::new().when(Increase { by: 2 }).then_error(BelowZero);
    });
    assert!(
        message.starts_with("Increase(Increase { by: 2 }) was accepted\n  expected error: BelowZero\n"),
        "{message}"
    );
}

#[test]
fn events_where_nothing_was_expected_and_another_state_fail() {
    message(|| {
        Scenario::<Account>::new().when(Increase { by: 2 }).then_nothing();
    });
    let message = message(|| {
        Scenario::<Account>::new().when(Increase { by: 2 }).then_state(Account { balance: 3, changes: 1 });
    });
    assert!(message.contains("-     balance: 3,\n  +     balance: 2,"), "{message}");
}

#[derive(Command, Debug, Clone)]
pub struct Remark(pub f64);

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Remarked {
    value: f64,
    #[serde(skip)]
    note: &'static str,
}

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Remark), events(Remarked(ignored)), error = std::convert::Infallible)]
pub struct Remarks;

impl Handle<Remark> for Remarks {
    fn handle(&self, command: Remark, context: &Context) -> Decision<Self> {
        let note = if context.actor() == Some("me") { "mine" } else { "" };
        assert_eq!(context.now().as_micros(), 5);
        accept(Remarked { value: command.0, note })
    }
}

#[test]
fn an_event_that_does_not_read_back_fails() {
    let at = || Scenario::<Remarks>::new().at(Timestamp::from_micros(5));
    at().when(Remark(0.1)).then(Remarked { value: 0.1, note: "" });
    let lost = message(|| drop(at().by("me").when(Remark(1.0))));
    assert!(lost.starts_with("an event does not read back as it was written, as {\"value\":1.0}\n"), "{lost}");
    let unreadable = message(|| drop(at().when(Remark(f64::NAN))));
    assert!(unreadable.contains("written as {\"value\":null}, does not read back: "), "{unreadable}");
}
