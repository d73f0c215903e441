//! Only events that are listed are reacted to.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Reaction)]
#[reaction(events(Increased))]
pub struct Bonus;

impl React<Increased> for Bonus {
    async fn react(&self, _: &Recorded<Increased>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

impl React<Decreased> for Bonus {
    async fn react(&self, _: &Recorded<Decreased>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

fn main() {}
