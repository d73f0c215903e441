//! Something says what each version behind `previous` changed.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "deposited", version = 4, previous = DepositedV1)]
pub struct Deposited {
    pub amount: u64,
    #[event(added(default = 0, since = 3))]
    pub at: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "deposited")]
pub struct DepositedV1 {
    pub amount: u64,
}

fn main() {}
