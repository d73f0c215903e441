//! Both enums have a name of their own.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase), events(Increased), error = TooLow, command_enum = Message, event_enum = Message)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, _: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: 1 })
    }
}

fn main() {}
