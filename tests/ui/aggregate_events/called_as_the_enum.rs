//! The enum of all events is not called as one of them.

use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Command, Debug, Clone)]
pub struct AccountCommand;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub enum AccountEvent {
    Increased { by: u64 },
    Decreased { by: u64 },
}

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(AccountCommand), events(AccountEvent), error = std::convert::Infallible)]
pub struct Account {
    balance: u64,
}

impl Apply<AccountEvent> for Account {
    fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Increased { by } => self.balance += by,
            AccountEvent::Decreased { by } => self.balance -= by,
        }
    }
}

impl Handle<AccountCommand> for Account {
    fn handle(&self, _: AccountCommand, _: &Context) -> Decision<Self> {
        accept(AccountEvent::Increased { by: 1 })
    }
}

fn main() {}
