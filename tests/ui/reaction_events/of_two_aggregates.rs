//! An event of two aggregates is listed with the one that is meant.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(), events(Increased(ignored)), error = TooLow)]
pub struct Loan {}

#[derive(Reaction)]
#[reaction(events(Increased))]
pub struct Bonus;

impl React<Increased> for Bonus {
    async fn react(&self, _: &Recorded<Increased>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

fn main() {}
