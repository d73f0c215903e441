//! Without any options.

use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
pub struct Account {
    balance: u64,
}

fn main() {}
