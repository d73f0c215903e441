//! An event is listed once, so not beside all events of its aggregate.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Projection, Default)]
#[projection(in_memory, events(all of Account, Increased))]
pub struct Balances;

impl Project<AccountEvent> for Balances {
    async fn project(&mut self, _: &Recorded<AccountEvent>, (): &mut ()) -> Projected {
        Ok(())
    }
}

impl Project<Increased> for Balances {
    async fn project(&mut self, _: &Recorded<Increased>, (): &mut ()) -> Projected {
        Ok(())
    }
}

fn main() {}
