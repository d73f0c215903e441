//! What the derives generate, written by hand: the traits are enough without them.
#![allow(missing_docs, reason = "a test")]

use es_core::__private as private;
use es_core::{Context, Decision, Event, Handle, accept, reject};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone)]
pub struct Increase {
    pub by: u64,
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Increased {
    pub by: u64,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("balance limit of 1000 is reached")]
pub struct LimitReached;

#[derive(Serialize, Deserialize, Debug, Default, Clone, PartialEq)]
pub struct Account {
    pub balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        if self.balance + command.by > 1000 {
            return reject(LimitReached);
        }
        accept(Increased { by: command.by })
    }
}

// #[derive(Command)] expands to:
#[automatically_derived]
impl private::Command for Increase {
    const MODEL: private::CommandModel =
        private::CommandModel::new("Increase", "", &[private::FieldModel::new("by", "u64", "")]);
    const DATA: private::CommandData<Self> = private::command_data::<Increase>();
}

// #[derive(Event)] expands to:
#[automatically_derived]
impl private::Event for Increased {
    const MODEL: private::EventModel =
        private::EventModel::new("increased", &[], "Increased", "", 1, 1, &[private::FieldModel::new("by", "u64", "")]);

    fn decode<C: private::Codec>(
        version: u32,
        payload: &private::Payload<'_>,
    ) -> private::Result<Self, private::DecodeError> {
        match version {
            1 => private::decode_current::<Self, C>(payload),
            _ => private::Result::Err(private::unknown_version::<Self>(version)),
        }
    }
}

// #[derive(Aggregate)] expands to:
#[derive(Debug, Clone)]
pub enum AccountCommand {
    Increase(Increase),
}

impl private::From<Increase> for AccountCommand {
    fn from(command: Increase) -> Self {
        Self::Increase(command)
    }
}

impl private::CommandOf<Account> for Increase {}

#[derive(Debug, Clone, PartialEq)]
pub enum AccountEvent {
    Increased(Increased),
}

impl private::From<Increased> for AccountEvent {
    fn from(event: Increased) -> Self {
        Self::Increased(event)
    }
}

impl private::EventOf<Account> for Increased {}

impl private::IntoEvents<Account> for Increased {
    fn append_to(self, events: &mut private::Events<Account>) {
        events.push(AccountEvent::Increased(self));
    }
}

impl private::IntoEvents<Account> for AccountEvent {
    fn append_to(self, events: &mut private::Events<Account>) {
        events.push(self);
    }
}

impl private::Apply<Increased> for Account {
    fn apply(&mut self, event: &Increased) {
        let __before = &*self;
        let balance: u64 = private::expr!(self.balance + event.by);
        private::unchanged(__before);
        self.balance = balance;
    }
}

impl private::IdOf<Account> for String {
    fn id_text(&self) -> private::Cow<'_, str> {
        private::id_text::<Account>(self)
    }
}

impl private::IdOf<Account> for &String {
    fn id_text(&self) -> private::Cow<'_, str> {
        private::id_text::<Account>(*self)
    }
}

impl private::Stored for Account {}

impl private::Aggregate for Account {
    type Id = String;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = LimitReached;
    type Codec = private::Json;

    const NAME: &'static str = "account";
    const MODEL: private::AggregateModel = private::AggregateModel::new(
        "account",
        "",
        &[private::FieldModel::new("balance", "u64", "")],
        &[<Increase as private::CommandOf<Account>>::COMMAND],
        &[<Increased as private::EventOf<Account>>::EVENT],
        &[],
    );
    const SNAPSHOT: private::Option<private::SnapshotPolicy> =
        private::Option::Some(private::SnapshotPolicy::new(100, 2));
    const STATE_SHAPE: u64 = private::shape("struct { balance: u64 }");

    fn initial() -> Self {
        private::initial::<Self>()
    }

    fn copy(&self) -> Self {
        private::copy::<Self>(self)
    }

    fn handle_command(&self, command: AccountCommand, context: &private::Context) -> private::Decision<Self> {
        match command {
            AccountCommand::Increase(command) => <Self as private::Handle<Increase>>::handle(self, command, context),
        }
    }

    fn apply_event(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Increased(event) => <Self as private::Apply<Increased>>::apply(self, event),
        }
    }

    fn encode_event(
        event: &AccountEvent,
        bytes: &mut private::Vec<u8>,
    ) -> private::Result<private::EventKind, private::BoxError> {
        match event {
            AccountEvent::Increased(event) => private::encode::<Self, Increased>(event, bytes),
        }
    }

    fn decode_event_by<C: private::Codec>(
        index: usize,
        version: u32,
        payload: &private::Payload<'_>,
    ) -> private::Result<private::Events<Self>, private::DecodeError> {
        private::decode_by::<Self>(&[private::decode::<C, Self, Increased>], index, version, payload)
    }

    fn encode_state(&self, bytes: &mut private::Vec<u8>) -> private::Result<(), private::BoxError> {
        private::encode_state(self, bytes)
    }

    fn decode_state(payload: private::Payload<'_>) -> private::Result<Self, private::PayloadError> {
        private::decode_state(payload)
    }
}

#[test]
fn an_event_written_by_hand_reads_back() {
    let event = AccountEvent::Increased(Increased { by: 7 });
    let mut bytes = Vec::new();
    let kind = <Account as private::Aggregate>::encode_event(&event, &mut bytes).unwrap();
    assert_eq!((kind.name, kind.version, &bytes[..]), ("increased", 1, &br#"{"by":7}"#[..]));
    let index = <Account as private::Aggregate>::resolve("increased").unwrap();
    let payload = private::Payload { format: "json", bytes: &bytes };
    assert_eq!(<Account as private::Aggregate>::decode_event(index, 1, &payload).unwrap(), [event]);
    assert_eq!(Increased::MODEL.name, "increased");
}
