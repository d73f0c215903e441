//! An enum has no fields to name.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase), events(Increased), error = TooLow)]
pub enum Account {
    #[default]
    New,
    Open {
        #[apply(Increased => event.by)]
        balance: u64,
    },
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

impl Apply<Increased> for Account {
    fn apply(&mut self, event: &Increased) {
        *self = Self::Open { balance: event.by };
    }
}

fn main() {}
