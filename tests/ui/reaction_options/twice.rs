//! An option is given once.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Reaction)]
#[reaction(name = "bonus", name = "bonus", events(Increased))]
pub struct Bonus;

impl React<Increased> for Bonus {
    async fn react(&self, _: &Recorded<Increased>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

fn main() {}
