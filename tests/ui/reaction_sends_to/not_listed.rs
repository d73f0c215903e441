//! A command goes to an aggregate that is listed.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Reaction)]
#[reaction(events(Increased))]
pub struct Bonus;

impl React<Increased> for Bonus {
    async fn react(&self, _: &Recorded<Increased>, commands: &mut Commands<Self>) -> Reacted {
        commands.send("alice", Increase { by: 1 }).await?;
        Ok(())
    }
}

fn main() {}
