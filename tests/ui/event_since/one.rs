//! A change is since version 2 or later.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
pub struct Deposited {
    #[event(added(default = 0, since = 1))]
    pub amount: u64,
}

fn main() {}
