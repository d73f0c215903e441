//! A bank account.

use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Command, Debug, Clone)]
pub struct Deposit {
    pub amount: u64,
    pub reference: String,
}

#[derive(Command, Debug, Clone)]
pub struct Withdraw {
    pub amount: u64,
    pub reference: String,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Deposited {
    pub amount: u64,
    pub reference: String,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Withdrawn {
    pub amount: u64,
    pub reference: String,
}

#[derive(Debug)]
pub struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(name = "account", commands(Deposit, Withdraw), events(Deposited, Withdrawn), error = Refused)]
pub struct Account {
    #[apply(Deposited => self.balance + event.amount)]
    #[apply(Withdrawn => self.balance - event.amount)]
    pub balance: u64,
    #[apply(Deposited => self.count + 1)]
    #[apply(Withdrawn => self.count + 1)]
    pub count: u64,
}

impl Handle<Deposit> for Account {
    fn handle(&self, command: Deposit, _: &Context) -> Decision<Self> {
        accept(Deposited { amount: command.amount, reference: command.reference })
    }
}

impl Handle<Withdraw> for Account {
    fn handle(&self, command: Withdraw, _: &Context) -> Decision<Self> {
        if command.amount > self.balance {
            return reject(Refused);
        }
        accept(Withdrawn { amount: command.amount, reference: command.reference })
    }
}
