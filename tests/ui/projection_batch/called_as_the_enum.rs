//! The enum of a batch is not called as one of the events in it.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Projection, Default)]
#[projection(in_memory, batch, event_enum = Increased, events(Increased, Decreased))]
pub struct Balances;

impl ProjectBatch for Balances {
    async fn project_batch(&mut self, _: &[Recorded<Increased>], (): &mut ()) -> Projected {
        Ok(())
    }
}

fn main() {}
