//! A change says since when.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, removed(teller: String))]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
