//! A read model is in a store or in memory, and not in both.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Projection, Default)]
#[projection(store = Store, in_memory, events(Increased))]
pub struct Balances;

impl Project<Increased> for Balances {
    async fn project(&mut self, _: &Recorded<Increased>, (): &mut ()) -> Projected {
        Ok(())
    }
}

fn main() {}
