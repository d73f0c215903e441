//! An event is recorded by an aggregate.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
pub struct Noted;

#[derive(Projection, Default)]
#[projection(in_memory, events(Increased, Noted))]
pub struct Balances;

impl Project<Increased> for Balances {
    async fn project(&mut self, _: &Recorded<Increased>, (): &mut ()) -> Projected {
        Ok(())
    }
}

impl Project<Noted> for Balances {
    async fn project(&mut self, _: &Recorded<Noted>, (): &mut ()) -> Projected {
        Ok(())
    }
}

fn main() {}
