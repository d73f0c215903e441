//! The oldest version is one that is there.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, oldest = 3)]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
