//! Something can happen to an aggregate.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase), events(), error = TooLow)]
pub struct Account {
    balance: u64,
}

fn main() {}
