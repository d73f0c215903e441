//! Something can happen to an aggregate.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase), error = TooLow)]
pub struct Account {
    balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, _: Increase, _: &Context) -> Decision<Self> {
        reject(TooLow)
    }
}

fn main() {}
