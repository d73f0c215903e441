//! A read model is in a store, or in memory.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Projection, Default)]
#[projection(name = "balances", events(Increased))]
pub struct Balances;

impl Project<Increased> for Balances {
    async fn project(&mut self, _: &Recorded<Increased>, (): &mut ()) -> Projected {
        Ok(())
    }
}

fn main() {}
