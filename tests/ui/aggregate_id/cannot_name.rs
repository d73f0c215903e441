//! An id is text and back.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Debug, Clone)]
pub struct Number(u64);

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase), events(Increased), error = TooLow, id = Number)]
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
