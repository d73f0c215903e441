//! `#[reaction(..)]` says nothing of a field.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Reaction)]
#[reaction(events(Increased))]
pub struct Bonus {
    #[reaction(skip)]
    seen: u64,
}

impl React<Increased> for Bonus {
    async fn react(&self, _: &Recorded<Increased>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

fn main() {}
