//! Only events that are listed are projected.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Projection, Default)]
#[projection(in_memory, events(Increased))]
pub struct Balances;

impl Project<Increased> for Balances {
    async fn project(&mut self, _: &Recorded<Increased>, (): &mut ()) -> Projected {
        Ok(())
    }
}

impl Project<Decreased> for Balances {
    async fn project(&mut self, _: &Recorded<Decreased>, (): &mut ()) -> Projected {
        Ok(())
    }
}

fn main() {}
