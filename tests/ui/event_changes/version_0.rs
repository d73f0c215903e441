//! The first version is 1.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 0)]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
