//! The aggregate that is named records the event.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
pub struct Paid;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(), events(Paid(ignored)), error = TooLow)]
pub struct Loan {}

#[derive(Projection, Default)]
#[projection(in_memory, events(Increased of Loan))]
pub struct Balances;

impl Project<Increased> for Balances {
    async fn project(&mut self, _: &Recorded<Increased>, (): &mut ()) -> Projected {
        Ok(())
    }
}

fn main() {}
