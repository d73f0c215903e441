//! The transaction is that of the store.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Projection, Default)]
#[projection(store = Store, events(Increased))]
pub struct Balances;

impl ReadModel for Balances {
    async fn create(&mut self, (): &mut ()) -> Projected {
        Ok(())
    }

    async fn reset(&mut self, (): &mut ()) -> Projected {
        Ok(())
    }
}

impl Project<Increased> for Balances {
    async fn project(&mut self, _: &Recorded<Increased>, _: &mut String) -> Projected {
        Ok(())
    }
}

fn main() {}
