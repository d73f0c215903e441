//! All events of an aggregate are listed once.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Projection, Default)]
#[projection(in_memory, events(all of Account, all of Account))]
pub struct Balances;

impl Project<AccountEvent> for Balances {
    async fn project(&mut self, _: &Recorded<AccountEvent>, (): &mut ()) -> Projected {
        Ok(())
    }
}

fn main() {}
