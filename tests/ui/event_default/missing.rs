//! A new field says what it is in older events.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
pub struct Deposited {
    pub amount: u64,
    #[event(added(since = 2))]
    pub teller: String,
}

fn main() {}
