//! A field that is gone was not called as one that was there.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, removed(amount: String, since = 2))]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
