//! A command is one that an aggregate has.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Reaction)]
#[reaction(events(Increased), sends_to(Account))]
pub struct Bonus;

impl React<Increased> for Bonus {
    async fn react(&self, _: &Recorded<Increased>, commands: &mut Commands<Self>) -> Reacted {
        commands.send("alice", Decrease { by: 1 }).await?;
        Ok(())
    }
}

fn main() {}
