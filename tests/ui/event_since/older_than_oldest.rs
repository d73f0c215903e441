//! What is not read any more has no history.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3, oldest = 2)]
pub struct Deposited {
    #[event(added(default = 0, since = 2))]
    pub amount: u64,
    #[event(added(default = 0, since = 3))]
    pub at: u64,
}

fn main() {}
