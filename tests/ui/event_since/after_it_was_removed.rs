//! A field does not come after it went.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3, removed(teller: String, since = 2, added = 3))]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
