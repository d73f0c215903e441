//! A field that is gone was not called as one that was renamed.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, removed(value: String, since = 2))]
pub struct Deposited {
    #[event(renamed(from = value, since = 2))]
    pub amount: u64,
}

fn main() {}
