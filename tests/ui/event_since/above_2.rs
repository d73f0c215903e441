//! A change is not since a version that is yet to come.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, removed(teller: String, since = 3))]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
