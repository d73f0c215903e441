//! What is listed is an event.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

pub struct Noise;

#[derive(Projection, Default)]
#[projection(in_memory, events(Increased, Noise))]
pub struct Balances;

impl Project<Increased> for Balances {
    async fn project(&mut self, _: &Recorded<Increased>, (): &mut ()) -> Projected {
        Ok(())
    }
}

impl Project<Noise> for Balances {
    async fn project(&mut self, _: &Recorded<Noise>, (): &mut ()) -> Projected {
        Ok(())
    }
}

fn main() {}
