//! An aggregate is a struct or an enum.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Clone, Copy)]
#[aggregate(commands(Increase), events(Increased), error = TooLow)]
pub union Account {
    balance: u64,
}

fn main() {}
