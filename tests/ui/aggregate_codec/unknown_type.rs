//! A codec that there is not is an error at its name, and no other.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase), events(Increased), error = TooLow, codec = Jason)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

fn main() {}
