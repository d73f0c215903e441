//! An account, and what others are told of it.

use std::collections::BTreeMap;

use es_core::prelude::*;
use es_core::testing::{MemoryOutbox, TestPublisher};
use es_sqlite::SqliteStore;
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
#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub(crate) struct MoneyIn {
    pub(crate) cents: u64,
}

impl PublicEvent for MoneyIn {
    const NAME: &'static str = "com.example.bank.money-in";
}

/// None of each eighth event, two of each third.
#[derive(Publish)]
#[publish(name = "bank", source = "/bank", events(Increased))]
pub(crate) struct BankNews;

impl ToPublic<Increased> for BankNews {
    fn to_public(&self, recorded: &Recorded<Increased>, news: &mut PublicEvents) -> Published {
        let by = recorded.event.by;
        let times = if by.is_multiple_of(8) { 0 } else { 1 + usize::from(by.is_multiple_of(3)) };
        for _ in 0..times {
            news.add(MoneyIn { cents: by * 100 })?;
        }
        Ok(())
    }
}

/// The messages of each stream, as JSON, that are to be told of a journal.
pub(crate) async fn expected(store: &SqliteStore) -> BTreeMap<String, Vec<String>> {
    let publisher = TestPublisher::new();
    let mut relay = Relay::from_start(store, &MemoryOutbox::new(), BankNews, publisher.clone()).batch(100_000);
    relay.run_to_head().await.unwrap();
    let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in publisher.sent() {
        streams.entry(message.stream.to_string()).or_default().push(message.json);
    }
    streams
}
