//! Two fields were not one.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3)]
pub struct Deposited {
    #[event(renamed(from = value, since = 2))]
    pub amount: u64,
    #[event(renamed(from = value, since = 3))]
    pub sum: u64,
}

fn main() {}
