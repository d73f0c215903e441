//! A bank account.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};

pub enum Command {
    Deposit { amount: u64, reference: String },
    Withdraw { amount: u64, reference: String },
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub enum Event {
    Deposited { amount: u64, reference: String },
    Withdrawn { amount: u64, reference: String },
}

impl DomainEvent for Event {
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

#[derive(Debug)]
pub struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

#[derive(Serialize, Deserialize, Default, Clone, Debug)]
pub struct Account {
    pub balance: u64,
    pub count: u64,
}

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = Command;
    type Event = Event;
    type Error = Refused;
    type Services = ();

    async fn handle(&mut self, command: Command, (): &(), sink: &EventSink<Self>) -> Result<(), Refused> {
        match command {
            Command::Deposit { amount, reference } => {
                sink.write(Event::Deposited { amount, reference }, self).await;
            }
            Command::Withdraw { amount, reference } => {
                if amount > self.balance {
                    return Err(Refused);
                }
                sink.write(Event::Withdrawn { amount, reference }, self).await;
            }
        }
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Deposited { amount, .. } => self.balance += amount,
            Event::Withdrawn { amount, .. } => self.balance -= amount,
        }
        self.count += 1;
    }
}
