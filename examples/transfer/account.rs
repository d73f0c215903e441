//! The accounts: their balance stays between 0 and 1000.

use es_core::prelude::*;
use serde::{Deserialize, Serialize};

/// Pay money in.
#[derive(Command, Debug, Clone)]
pub struct Deposit {
    /// The amount.
    pub amount: u64,
}

/// Take money out.
#[derive(Command, Debug, Clone)]
pub struct Withdraw {
    /// The amount.
    pub amount: u64,
}

/// Pay back what was taken out: accepted whatever the limit, since there is nowhere else for it to go.
#[derive(Command, Debug, Clone)]
pub struct Refund {
    /// The amount.
    pub amount: u64,
}

/// Money was paid in.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "deposited")]
pub struct Deposited {
    /// The amount.
    pub amount: u64,
}

/// Money was taken out.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "withdrawn")]
pub struct Withdrawn {
    /// The amount.
    pub amount: u64,
}

/// Money that had been taken out was paid back.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "refunded")]
pub struct PaidBack {
    /// The amount.
    pub amount: u64,
}

/// Why an account rejects a command.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AccountError {
    /// More was to be taken out than is there.
    #[error("balance falls below 0")]
    BelowZero,
    /// More was to be paid in than an account may hold.
    #[error("balance limit of {} is reached", Account::LIMIT)]
    LimitReached,
}

/// A bank account.
#[derive(Aggregate, Debug, Default, Clone, PartialEq)]
#[aggregate(
    name = "account",
    commands(Deposit, Withdraw, Refund),
    events(Deposited, Withdrawn, PaidBack),
    error = AccountError
)]
pub struct Account {
    /// What is in it.
    #[apply(Deposited => self.balance + event.amount)]
    #[apply(Withdrawn => self.balance - event.amount)]
    #[apply(PaidBack => self.balance + event.amount)]
    pub balance: u64,
}

impl Account {
    /// The most that an account may hold.
    pub const LIMIT: u64 = 1_000;
}

impl Handle<Deposit> for Account {
    fn handle(&self, Deposit { amount }: Deposit, _: &Context) -> Decision<Self> {
        match self.balance.checked_add(amount) {
            Some(balance) if balance <= Self::LIMIT => accept(Deposited { amount }),
            _ => reject(AccountError::LimitReached),
        }
    }
}

impl Handle<Withdraw> for Account {
    fn handle(&self, Withdraw { amount }: Withdraw, _: &Context) -> Decision<Self> {
        if amount > self.balance {
            return reject(AccountError::BelowZero);
        }
        accept(Withdrawn { amount })
    }
}

impl Handle<Refund> for Account {
    fn handle(&self, Refund { amount }: Refund, _: &Context) -> Decision<Self> {
        accept(PaidBack { amount })
    }
}
