//! The two enums and the aggregate have names of their own.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

macro_rules! account {
    ($name:ident, $option:ident = $enum:ident) => {
        #[derive(Aggregate, Debug, Default, Clone)]
        #[aggregate(commands(Increase), events(Increased), error = TooLow, $option = $enum)]
        pub struct $name {
            #[apply(Increased => self.balance + event.by)]
            balance: u64,
        }

        impl Handle<Increase> for $name {
            fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
                accept(Increased { by: command.by })
            }
        }
    };
}

account!(Account, event_enum = Account);
account!(Other, command_enum = OtherEvent);

fn main() {}
