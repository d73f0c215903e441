//! What came and went has a `Default`, or says what it is in older events.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Teller(String);

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3, removed(teller: Teller, added = 2, since = 3))]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
