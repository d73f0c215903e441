//! What a command lacks is reported at the command alone.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Command)]
pub struct Hold;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase, Hold), events(Increased), error = TooLow)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

impl Handle<Hold> for Account {
    fn handle(&self, _: Hold, _: &Context) -> Decision<Self> {
        reject(TooLow)
    }
}

fn main() {}
