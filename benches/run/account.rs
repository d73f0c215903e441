//! The bank account that all workloads are about. `benches/peers/es` has it from here.

use es_core::prelude::*;
use serde::{Deserialize, Serialize};

/// Pay money in.
#[derive(Command, Debug, Clone)]
pub(crate) struct Deposit {
    pub(crate) amount: u64,
    pub(crate) reference: String,
}

/// Take money out.
#[derive(Command, Debug, Clone)]
pub(crate) struct Withdraw {
    pub(crate) amount: u64,
    pub(crate) reference: String,
}

/// Money was paid in.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "deposited")]
pub(crate) struct Deposited {
    pub(crate) amount: u64,
    pub(crate) reference: String,
}

/// Money was taken out.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "withdrawn")]
pub(crate) struct Withdrawn {
    pub(crate) amount: u64,
    pub(crate) reference: String,
}

#[derive(Debug, thiserror::Error)]
#[error("balance falls below 0")]
pub(crate) struct Overdrawn;

/// A bank account.
#[derive(Aggregate, Debug, Default, Clone, PartialEq)]
#[aggregate(name = "account", commands(Deposit, Withdraw), events(Deposited, Withdrawn), error = Overdrawn)]
pub(crate) struct Account {
    #[apply(Deposited => self.balance + event.amount)]
    #[apply(Withdrawn => self.balance - event.amount)]
    pub(crate) balance: u64,
    #[apply(Deposited => self.count + 1)]
    #[apply(Withdrawn => self.count + 1)]
    pub(crate) count: u64,
}

impl Handle<Deposit> for Account {
    fn handle(&self, command: Deposit, _: &Context) -> Decision<Self> {
        accept(Deposited { amount: command.amount, reference: command.reference })
    }
}

impl Handle<Withdraw> for Account {
    fn handle(&self, command: Withdraw, _: &Context) -> Decision<Self> {
        if self.balance < command.amount {
            return reject(Overdrawn);
        }
        accept(Withdrawn { amount: command.amount, reference: command.reference })
    }
}
