//! A change of a field stands on the field.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, added(default = 0, since = 2))]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
