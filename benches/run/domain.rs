//! What happens to the bank accounts, and the same account without a framework: events of 60 to 90 bytes of JSON.

use serde::{Deserialize, Serialize};

pub(crate) use crate::account::{Account, AccountEvent, Deposited, Withdrawn};
use crate::account::{AccountCommand, Deposit, Withdraw};

/// Deposits mostly, every 8th a small withdrawal: the balance never falls below 0.
pub(crate) fn is_withdrawal(number: u64) -> bool {
    number % 8 == 7
}

pub(crate) fn amount(number: u64) -> u64 {
    if is_withdrawal(number) { 10 } else { 100 + number % 900 }
}

pub(crate) fn reference(number: u64) -> String {
    format!("invoice-2026-{number:010}-settlement")
}

pub(crate) fn account(number: u64) -> String {
    format!("account-{number:06}")
}

pub(crate) fn command(number: u64) -> AccountCommand {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) { Withdraw { amount, reference }.into() } else { Deposit { amount, reference }.into() }
}

pub(crate) fn event(number: u64) -> AccountEvent {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) { Withdrawn { amount, reference }.into() } else { Deposited { amount, reference }.into() }
}

/// What a program without a framework has: one enum, tagged from outside.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub(crate) enum Plain {
    Deposited { amount: u64, reference: String },
    Withdrawn { amount: u64, reference: String },
}

impl Plain {
    pub(crate) fn new(number: u64) -> Self {
        let (amount, reference) = (amount(number), reference(number));
        if is_withdrawal(number) {
            Self::Withdrawn { amount, reference }
        } else {
            Self::Deposited { amount, reference }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Deposited { .. } => "deposited",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }

    pub(crate) fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it has no maps")
    }
}

/// The row of such an event. Whoever has it written makes it, so that the one who writes for all has nothing else to do.
pub(crate) struct PlainRow {
    pub(crate) stream: String,
    pub(crate) seq: u64,
    pub(crate) name: &'static str,
    pub(crate) payload: Vec<u8>,
}

impl PlainRow {
    pub(crate) fn new(stream: String, seq: u64, event: &Plain) -> Self {
        Self { stream, seq, name: event.name(), payload: event.json() }
    }
}

/// The same event, borrowed from the bytes.
#[derive(Deserialize, Debug)]
pub(crate) enum Borrowed<'a> {
    Deposited {
        amount: u64,
        #[serde(borrow)]
        reference: &'a str,
    },
    Withdrawn {
        amount: u64,
        #[serde(borrow)]
        reference: &'a str,
    },
}

/// The state without a framework.
#[derive(Debug, Default, Clone)]
pub(crate) struct PlainAccount {
    pub(crate) balance: u64,
    pub(crate) count: u64,
}

impl PlainAccount {
    pub(crate) fn apply(&mut self, event: &Plain) {
        match event {
            Plain::Deposited { amount, .. } => self.balance += amount,
            Plain::Withdrawn { amount, .. } => self.balance -= amount,
        }
        self.count += 1;
    }

    pub(crate) fn apply_borrowed(&mut self, event: &Borrowed<'_>) {
        match event {
            Borrowed::Deposited { amount, reference } => {
                std::hint::black_box(reference);
                self.balance += amount;
            }
            Borrowed::Withdrawn { amount, reference } => {
                std::hint::black_box(reference);
                self.balance -= amount;
            }
        }
        self.count += 1;
    }
}
