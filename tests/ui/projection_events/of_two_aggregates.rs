//! Of an event of two aggregates it is said which is meant.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(), events(Increased(ignored)), error = TooLow)]
pub struct Loan {}

#[derive(Projection, Default)]
#[projection(in_memory, events(Increased))]
pub struct Balances;

impl Project<Increased> for Balances {
    async fn project(&mut self, _: &Recorded<Increased>, (): &mut ()) -> Projected {
        Ok(())
    }
}

fn main() {}
