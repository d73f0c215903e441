//! A `return` gives what the field becomes: it does not leave out the other fields.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase), events(Increased), error = TooLow)]
pub struct Account {
    #[apply(Increased => {
        if event.by == 0 {
            return;
        }
        self.balance + event.by
    })]
    balance: u64,
    #[apply(Increased => self.count + 1)]
    count: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

fn main() {}
