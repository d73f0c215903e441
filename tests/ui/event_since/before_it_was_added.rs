//! A field does not change before it is there.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3)]
pub struct Deposited {
    #[event(added(default = 0, since = 3), renamed(from = value, since = 2))]
    pub amount: u64,
}

fn main() {}
