//! A retired event changes nothing by itself.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
pub struct Gone;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase), events(Increased), retired(Gone), error = TooLow)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    #[apply(Gone => 0)]
    balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

impl Retire<Gone> for Account {
    fn retire(_: Gone) -> Events<Self> {
        Events::none()
    }
}

fn main() {}
