//! An account, and what others are told of it.

use es_core::prelude::*;
use es_core::testing::published;
use es_core::{MemoryStore, OutboxMessage};
use serde::{Deserialize, Serialize};

#[derive(Command, Debug, Clone)]
pub(crate) struct Increase {
    pub(crate) by: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "increased")]
pub(crate) struct Increased {
    pub(crate) by: u64,
}

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(name = "account", commands(Increase), events(Increased), error = std::convert::Infallible)]
pub(crate) struct Account {
    #[apply(Increased => self.balance + event.by)]
    pub(crate) balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

/// Money has come in.
#[derive(Serialize)]
pub(crate) struct MoneyIn {
    account: String,
    cents: u64,
}

impl PublicEvent for MoneyIn {
    const NAME: &'static str = "com.example.bank.money-in";
}

#[derive(Publish)]
#[publish(name = "bank", source = "/bank", events(Increased))]
pub(crate) struct BankNews;

impl ToPublic<Increased> for BankNews {
    fn to_public(&self, recorded: &Recorded<Increased>, news: &mut PublicEvents) -> Published {
        news.add(MoneyIn { account: recorded.stream.id().to_owned(), cents: recorded.event.by * 100 })
    }
}

pub(crate) fn message() -> OutboxMessage {
    published::<Account, _>(BankNews, "alic\u{e9}", Increased { by: 1 }).unwrap().remove(0)
}

pub(crate) async fn increase(store: &MemoryStore, id: &str, by: u64) -> Position {
    let accounts = Repository::<Account, _>::new(store);
    accounts.execute(id, Increase { by }).await.unwrap().position
}
