//! What is listed is an event.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

pub struct Noise;

#[derive(Reaction)]
#[reaction(events(Increased, Noise))]
pub struct Bonus;

impl React<Increased> for Bonus {
    async fn react(&self, _: &Recorded<Increased>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

impl React<Noise> for Bonus {
    async fn react(&self, _: &Recorded<Noise>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

fn main() {}
