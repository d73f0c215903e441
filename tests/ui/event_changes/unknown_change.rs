//! A change has a name that is known.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
pub struct Deposited {
    #[event(add(default = 0, since = 2))]
    pub amount: u64,
}

fn main() {}
