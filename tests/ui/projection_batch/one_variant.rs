//! Each event of a batch has a variant of its own.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

mod other {
    #[derive(es_core::Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
    pub struct Increased;
}

#[derive(Projection, Default)]
#[projection(in_memory, batch, events(Increased, other::Increased))]
pub struct Balances;

impl ProjectBatch for Balances {
    async fn project_batch(&mut self, _: &[Recorded<BalancesEvent>], (): &mut ()) -> Projected {
        Ok(())
    }
}

fn main() {}
