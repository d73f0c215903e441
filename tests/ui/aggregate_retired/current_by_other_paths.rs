//! An event is current or retired, however it is written.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase), events(Increased), error = TooLow, retired(domain::Increased))]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

impl Retire<Increased> for Account {
    fn retire(_: Increased) -> Events<Self> {
        Events::none()
    }
}

fn main() {}
