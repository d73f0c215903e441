//! The bank account.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug)]
pub(crate) enum AccountCommand {
    Deposit { amount: u64, reference: String },
    Withdraw { amount: u64, reference: String },
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub(crate) enum AccountEvent {
    Deposited { amount: u64, reference: String },
    Withdrawn { amount: u64, reference: String },
}

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Deposited { .. } => "deposited".to_owned(),
            Self::Withdrawn { .. } => "withdrawn".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("balance falls below 0")]
pub(crate) struct Overdrawn;

#[derive(Serialize, Deserialize, Debug, Default, Clone)]
pub(crate) struct Account {
    pub(crate) balance: u64,
    pub(crate) count: u64,
}

impl Aggregate for Account {
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = Overdrawn;
    type Services = ();

    const TYPE: &'static str = "account";

    async fn handle(&mut self, command: AccountCommand, (): &(), sink: &EventSink<Self>) -> Result<(), Overdrawn> {
        match command {
            AccountCommand::Deposit { amount, reference } => {
                sink.write(AccountEvent::Deposited { amount, reference }, self).await;
            }
            AccountCommand::Withdraw { amount, reference } => {
                if self.balance < amount {
                    return Err(Overdrawn);
                }
                sink.write(AccountEvent::Withdrawn { amount, reference }, self).await;
            }
        }
        Ok(())
    }

    fn apply(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::Deposited { amount, .. } => self.balance += amount,
            AccountEvent::Withdrawn { amount, .. } => self.balance -= amount,
        }
        self.count += 1;
    }
}
