//! A field that is gone has a type.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, removed(teller, since = 2))]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
