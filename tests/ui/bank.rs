//! What most cases of projections need: an account, and events of it; a read store that is there without a database.
#![allow(dead_code)]

#[path = "domain.rs"]
mod domain;

pub use domain::*;
use es_core::prelude::*;

/// A store to name; which one does not matter here.
pub type Store = es_core::InMemory;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(name = "account", commands(Increase), events(Increased, Decreased), error = TooLow)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    #[apply(Decreased => self.balance - event.by)]
    balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}
