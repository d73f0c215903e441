//! An account and a customer, and what others are told of them.

use std::sync::Arc;

use es_core::prelude::*;
use es_core::{Append, ExpectedVersion, MemoryStore, NewEvent};
use serde::{Deserialize, Serialize};

#[derive(Command, Debug, Clone)]
pub struct Increase {
    pub by: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "increased", aliases("paid_in"))]
pub struct Increased {
    pub by: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "decreased")]
pub struct Decreased {
    pub by: u64,
}

/// What is not for others.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "noted")]
pub struct Noted {
    pub what: String,
}

/// What became an increase and a decrease.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "exchanged")]
pub struct Exchanged {
    pub more: u64,
    pub less: u64,
}

#[derive(Aggregate, Debug, Default, Clone, PartialEq)]
#[aggregate(
    name = "account",
    commands(Increase),
    events(Increased, Decreased, Noted(ignored)),
    retired(Exchanged),
    error = std::convert::Infallible
)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    #[apply(Decreased => self.balance.saturating_sub(event.by))]
    pub balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

impl Retire<Exchanged> for Account {
    fn retire(event: Exchanged) -> Events<Self> {
        Events::from((Increased { by: event.more }, Decreased { by: event.less }))
    }
}

/// Appends events to the account of this id, whatever its version.
pub async fn append(store: &MemoryStore, id: &str, events: &[(&'static str, String)]) -> Position {
    let stream = StreamId::new("account", id).unwrap();
    let new = events.iter().map(|(name, payload)| NewEvent {
        id: EventId::new(),
        name: (*name).into(),
        version: 1,
        format: "json".into(),
        payload: payload.clone().into_bytes(),
        metadata: Arc::default(),
    });
    store.append(Append::to_stream(stream, ExpectedVersion::Any, new.collect())).await.unwrap().position
}

pub fn increased(by: u64) -> (&'static str, String) {
    ("increased", format!(r#"{{"by":{by}}}"#))
}

/// Money has come in.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub struct MoneyIn {
    pub account: String,
    pub cents: u64,
}

impl PublicEvent for MoneyIn {
    const NAME: &'static str = "com.example.bank.money-in";
}

/// So much went out, in two currencies: one event of the journal, two for others.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub struct MoneyOut {
    pub cents: u64,
}

impl PublicEvent for MoneyOut {
    const NAME: &'static str = "com.example.bank.money-out";
    const VERSION: u32 = 3;
}

/// What the bank tells others: small sums are nobody's business.
#[derive(Publish)]
#[publish(name = "bank", source = "https://bank.example/accounts", events(Increased, Decreased))]
pub struct BankNews;

impl ToPublic<Increased> for BankNews {
    fn to_public(&self, recorded: &Recorded<Increased>, news: &mut PublicEvents) -> Published {
        match recorded.event.by {
            0 => Ok(()),
            666 => Err("nobody is told of 666".into()),
            999 => panic!("999 panics"),
            by => news.add(MoneyIn { account: recorded.stream.id().to_owned(), cents: by * 100 }),
        }
    }
}

impl ToPublic<Decreased> for BankNews {
    fn to_public(&self, recorded: &Recorded<Decreased>, news: &mut PublicEvents) -> Published {
        news.add(MoneyOut { cents: recorded.event.by * 100 })?;
        news.add(
            Public::new(MoneyOut { cents: recorded.event.by * 110 }).subject("dollars").attribute("currency", "usd"),
        )
    }
}
