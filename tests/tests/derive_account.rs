//! The bank account of the guide, by derive.
#![allow(missing_docs, reason = "a test")]

use es_core::prelude::*;
use es_core::testing::decode;
use serde::{Deserialize, Serialize};

/// Pay money in.
#[derive(Command, Debug, Clone)]
pub struct Increase {
    /// How much.
    pub by: u64,
}

/// Take money out.
#[derive(Command, Debug, Clone)]
pub struct Decrease {
    pub by: u64,
}

/// Money was paid in.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "increased", aliases("paid_in", "put"))]
pub struct Increased {
    pub by: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "decreased")]
pub struct Decreased {
    pub by: u64,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AccountError {
    #[error("balance falls below 0")]
    BelowZero,
    #[error("balance limit of {limit} is reached")]
    LimitReached { limit: u64 },
}

/// A bank account whose balance stays between 0 and 1000.
#[derive(Aggregate, Serialize, Deserialize, Debug, Default, Clone, PartialEq)]
#[aggregate(
    name = "account",
    commands(Increase, Decrease),
    events(Increased, Decreased),
    error = AccountError,
    snapshot(every = 100, keep = 2)
)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    #[apply(Decreased => self.balance - event.by)]
    pub balance: u64,
}

const LIMIT: u64 = 1000;

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        match self.balance.checked_add(command.by) {
            Some(balance) if balance <= LIMIT => accept(Increased { by: command.by }),
            _ => reject(AccountError::LimitReached { limit: LIMIT }),
        }
    }
}

impl Handle<Decrease> for Account {
    fn handle(&self, command: Decrease, _: &Context) -> Decision<Self> {
        if command.by > self.balance {
            return reject(AccountError::BelowZero);
        }
        accept(Decreased { by: command.by })
    }
}

fn context() -> Context {
    Context::new(Timestamp::now(), Metadata::default())
}

#[test]
fn commands_are_dispatched_and_events_applied() {
    let mut account = Account::initial();
    let events = account.handle_command(Increase { by: 100 }.into(), &context()).unwrap();
    assert_eq!(events, [AccountEvent::Increased(Increased { by: 100 })]);
    for event in &events {
        account.apply_event(event);
    }
    assert_eq!(account.balance, 100);
    let error = account.handle_command(AccountCommand::Decrease(Decrease { by: 130 }), &context()).unwrap_err();
    assert_eq!(error, AccountError::BelowZero);
}

#[test]
fn an_event_reads_back_by_its_name_and_by_its_aliases() {
    let event = AccountEvent::from(Increased { by: 7 });
    let mut bytes = Vec::new();
    let kind = Account::encode_event(&event, &mut bytes).unwrap();
    assert_eq!((kind.name, kind.version), ("increased", 1));
    for name in ["increased", "paid_in", "put"] {
        assert_eq!(decode::<Account>(name, 1, &bytes).unwrap(), std::slice::from_ref(&event));
    }
    assert_eq!(
        decode::<Account>("increased", 2, &bytes).unwrap_err().to_string(),
        "event `increased` has version 2 in the journal, but this program knows only version 1"
    );
    assert!(decode::<Account>("closed", 1, &bytes).is_err());
}

#[test]
fn a_state_reads_back() {
    let mut bytes = Vec::new();
    Account { balance: 7 }.encode_state(&mut bytes).unwrap();
    let payload = es_core::Payload { format: "json", bytes: &bytes };
    assert_eq!(Account::decode_state(payload).unwrap(), Account { balance: 7 });
    let policy = Account::SNAPSHOT.unwrap();
    assert_eq!((policy.every, policy.keep), (100, 2));
}

#[test]
fn the_model_holds_names_docs_and_fields() {
    let model = Account::model();
    assert_eq!((model.name, model.docs), ("account", "A bank account whose balance stays between 0 and 1000."));
    assert_eq!(model.fields.iter().map(|field| (field.name, field.ty)).collect::<Vec<_>>(), [("balance", "u64")]);
    assert_eq!(model.commands.iter().map(|command| command.name).collect::<Vec<_>>(), ["Increase", "Decrease"]);
    assert_eq!(model.commands[0].docs, "Pay money in.");
    assert_eq!(model.commands[0].fields[0].docs, "How much.");
    assert_eq!(model.events[0].type_name, "Increased");
    assert_eq!(model.events[0].aliases, ["paid_in", "put"]);
    assert_eq!(model.events[1].name, "decreased");
    assert!(model.retired.is_empty());
}

#[test]
fn the_enums_print_clone_and_compare_as_derived_ones() {
    let event = AccountEvent::Decreased(Decreased { by: 3 });
    assert_eq!(format!("{:?}", event.clone()), "Decreased(Decreased { by: 3 })");
    assert_ne!(event, AccountEvent::Increased(Increased { by: 3 }));
    assert_ne!(event, AccountEvent::Decreased(Decreased { by: 4 }));
    let command = AccountCommand::from(Increase { by: 3 });
    assert_eq!(format!("{:?}", command.clone()), "Increase(Increase { by: 3 })");
}
