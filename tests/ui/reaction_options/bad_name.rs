//! The name of a reaction is one that stores can take.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Reaction)]
#[reaction(name = "bonus points", events(Increased))]
pub struct Bonus;

impl React<Increased> for Bonus {
    async fn react(&self, _: &Recorded<Increased>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

fn main() {}
