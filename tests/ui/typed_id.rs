//! An account that is named by a number.
#![allow(dead_code)]

#[path = "domain.rs"]
mod domain;

pub use domain::*;
use es_core::prelude::*;

/// The number of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountNo(pub u64);

impl std::fmt::Display for AccountNo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for AccountNo {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(name = "account", commands(Increase), events(Increased), error = TooLow, id = AccountNo)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}
