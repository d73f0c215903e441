//! The meaning of a state has the versions 1, 2, 3, ..

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone, serde::Serialize, serde::Deserialize)]
#[aggregate(commands(Increase), events(Increased), error = TooLow, snapshot(every = 10, version = 0))]
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
