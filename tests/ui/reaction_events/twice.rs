//! An event is listed once.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Reaction)]
#[reaction(events(Increased, Increased))]
pub struct Bonus;

impl React<Increased> for Bonus {
    async fn react(&self, _: &Recorded<Increased>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

fn main() {}
