//! A transfer: the process, as an aggregate of its own. Its events are the steps that it has taken.

use es_core::prelude::*;
use serde::{Deserialize, Serialize};

/// Ask for money to go from one account to another.
#[derive(Command, Debug, Clone)]
pub struct Request {
    /// The account that it comes from.
    pub from: String,
    /// The account that it goes to.
    pub to: String,
    /// How much.
    pub amount: u64,
}

/// The receiver agrees to a large transfer.
#[derive(Command, Debug, Clone)]
pub struct Confirm;

/// The money has been taken from the first account.
#[derive(Command, Debug, Clone)]
pub struct NoteTaken;

/// The money cannot be taken from the first account.
#[derive(Command, Debug, Clone)]
pub struct Decline {
    /// Why.
    pub reason: String,
}

/// The money has been paid into the second account.
#[derive(Command, Debug, Clone)]
pub struct NotePaid;

/// The money cannot be paid into the second account, and is to go back.
#[derive(Command, Debug, Clone)]
pub struct GiveUp {
    /// Why.
    pub reason: String,
}

/// The receiver has had time enough. Not the same as `GiveUp`: a transfer that was confirmed does not expire.
#[derive(Command, Debug, Clone)]
pub struct Expire;

/// The money has been paid back into the first account.
#[derive(Command, Debug, Clone)]
pub struct NoteRefunded;

/// Money is to go from one account to another.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "requested")]
pub struct Requested {
    /// The account that it comes from.
    pub from: String,
    /// The account that it goes to.
    pub to: String,
    /// How much.
    pub amount: u64,
}

/// The money has been taken from the first account.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "taken")]
pub struct Taken;

/// The receiver has agreed.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "confirmed")]
pub struct Confirmed;

/// The end: the money has arrived.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "completed")]
pub struct Completed;

/// The end: nothing was taken.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "declined")]
pub struct Declined {
    /// Why.
    pub reason: String,
}

/// What was taken is to be paid back.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "given_up")]
pub struct GivenUp {
    /// Why.
    pub reason: String,
}

/// The end: what was taken has been paid back.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "refunded")]
pub struct Refunded;

/// A transfer is not at the step that the command is for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the transfer is {0:?}")]
pub struct NotNow(pub Step);

/// How far a transfer has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Step {
    /// It was not asked for.
    #[default]
    New,
    /// It was asked for, and nothing was done yet.
    Requested,
    /// The money is on its way; that of a large transfer until the receiver confirms it.
    Taken,
    /// The receiver has agreed.
    Confirmed,
    /// The money is on its way back.
    GivenUp,
    /// The money has arrived.
    Completed,
    /// Nothing was taken.
    Declined,
    /// The money is back.
    Refunded,
}

/// A transfer of money between two accounts.
#[derive(Aggregate, Debug, Default, Clone, PartialEq)]
#[aggregate(
    name = "transfer",
    commands(Request, Confirm, NoteTaken, Decline, NotePaid, GiveUp, Expire, NoteRefunded),
    events(Requested, Taken, Confirmed, Completed, Declined, GivenUp, Refunded),
    error = NotNow
)]
pub struct Transfer {
    /// The account that it comes from.
    #[apply(Requested => event.from.clone())]
    pub from: String,
    /// The account that it goes to.
    #[apply(Requested => event.to.clone())]
    pub to: String,
    /// How much.
    #[apply(Requested => event.amount)]
    pub amount: u64,
    /// How far it has come.
    #[apply(Requested => Step::Requested)]
    #[apply(Taken => Step::Taken)]
    #[apply(Confirmed => Step::Confirmed)]
    #[apply(Completed => Step::Completed)]
    #[apply(Declined => Step::Declined)]
    #[apply(GivenUp => Step::GivenUp)]
    #[apply(Refunded => Step::Refunded)]
    pub step: Step,
}

impl Transfer {
    /// A transfer of more than that waits for its receiver.
    pub const LARGE: u64 = 500;

    /// Whether it waits for its receiver.
    pub fn waits(&self) -> bool {
        self.step == Step::Taken && self.amount > Self::LARGE
    }

    /// Accepts `event` at one of these steps alone.
    fn at<E: IntoEvents<Self>>(&self, steps: &[Step], event: E) -> Decision<Self> {
        if steps.contains(&self.step) { Ok(Events::from(event)) } else { reject(NotNow(self.step)) }
    }
}

impl Handle<Request> for Transfer {
    fn handle(&self, Request { from, to, amount }: Request, _: &Context) -> Decision<Self> {
        self.at(&[Step::New], Requested { from, to, amount })
    }
}

impl Handle<NoteTaken> for Transfer {
    fn handle(&self, _: NoteTaken, _: &Context) -> Decision<Self> {
        self.at(&[Step::Requested], Taken)
    }
}

impl Handle<Decline> for Transfer {
    fn handle(&self, Decline { reason }: Decline, _: &Context) -> Decision<Self> {
        self.at(&[Step::Requested], Declined { reason })
    }
}

impl Handle<Confirm> for Transfer {
    fn handle(&self, _: Confirm, _: &Context) -> Decision<Self> {
        if self.waits() { accept(Confirmed) } else { reject(NotNow(self.step)) }
    }
}

impl Handle<Expire> for Transfer {
    fn handle(&self, _: Expire, _: &Context) -> Decision<Self> {
        let reason = "not confirmed in time".to_owned();
        if self.waits() { accept(GivenUp { reason }) } else { reject(NotNow(self.step)) }
    }
}

impl Handle<NotePaid> for Transfer {
    fn handle(&self, _: NotePaid, _: &Context) -> Decision<Self> {
        self.at(&[Step::Taken, Step::Confirmed], Completed)
    }
}

impl Handle<GiveUp> for Transfer {
    fn handle(&self, GiveUp { reason }: GiveUp, _: &Context) -> Decision<Self> {
        self.at(&[Step::Taken, Step::Confirmed], GivenUp { reason })
    }
}

impl Handle<NoteRefunded> for Transfer {
    fn handle(&self, _: NoteRefunded, _: &Context) -> Decision<Self> {
        self.at(&[Step::GivenUp], Refunded)
    }
}
