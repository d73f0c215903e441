//! An event is recorded by an aggregate.

use es_core::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
pub struct Paid;

#[derive(Reaction)]
#[reaction(events(Paid))]
pub struct Bonus;

impl React<Paid> for Bonus {
    async fn react(&self, _: &Recorded<Paid>, _: &mut Commands<Self>) -> Reacted {
        Ok(())
    }
}

fn main() {}
