//! What others are told, in types of their own: the journal's events may change, these are a promise.

use es_core::prelude::*;
use serde::Serialize;

use crate::account::{Decreased, Increased};

/// A balance has changed.
#[derive(Serialize)]
pub struct BalanceChanged {
    account: String,
    /// In cents; less than 0 for what was taken out.
    by_cents: i128,
}

impl PublicEvent for BalanceChanged {
    const NAME: &'static str = "com.example.bank.balance-changed";
}

/// Much money has moved at once: someone may want to know.
#[derive(Serialize)]
pub struct LargeAmount {
    account: String,
    cents: u128,
}

impl PublicEvent for LargeAmount {
    const NAME: &'static str = "com.example.bank.large-amount";
}

/// What the bank tells others.
#[derive(Publish)]
#[publish(name = "bank-news", source = "https://bank.example/accounts", events(Increased, Decreased))]
pub struct BankNews;

impl ToPublic<Increased> for BankNews {
    fn to_public(&self, recorded: &Recorded<Increased>, news: &mut PublicEvents) -> Published {
        let account = recorded.stream.id().to_owned();
        news.add(BalanceChanged { account: account.clone(), by_cents: i128::from(recorded.event.by) * 100 })?;
        if recorded.event.by >= 500 {
            news.add(LargeAmount { account, cents: u128::from(recorded.event.by) * 100 })?;
        }
        Ok(())
    }
}

impl ToPublic<Decreased> for BankNews {
    fn to_public(&self, recorded: &Recorded<Decreased>, news: &mut PublicEvents) -> Published {
        let account = recorded.stream.id().to_owned();
        news.add(BalanceChanged { account, by_cents: i128::from(recorded.event.by) * -100 })
    }
}
