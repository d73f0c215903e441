//! An aggregate is named by its own type of ids.

#[path = "../typed_id.rs"]
mod typed_id;

use es_core::prelude::*;
use typed_id::*;

#[derive(Reaction)]
#[reaction(events(Increased), sends_to(Account))]
pub struct Bonus;

impl React<Increased> for Bonus {
    async fn react(&self, _: &Recorded<Increased>, commands: &mut Commands<Self>) -> Reacted {
        commands.send("alice", Increase { by: 1 }).await?;
        Ok(())
    }
}

fn main() {}
