//! A change is not since a version that is yet to come; many may wait for one.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Deposited {
    #[event(added(default = 0, since = 2))]
    pub amount: u64,
    #[event(renamed(from = by, since = 2))]
    pub teller: String,
}

fn main() {}
