//! `#[aggregate(..)]` says nothing of a field.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase), events(Increased), error = TooLow)]
pub struct Account {
    #[aggregate(Increased => self.balance + event.by)]
    balance: u64,
}

impl Apply<Increased> for Account {
    fn apply(&mut self, event: &Increased) {
        self.balance += event.by;
    }
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

fn main() {}
