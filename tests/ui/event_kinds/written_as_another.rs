//! Where another type is written, the fields tell nothing of the past.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
#[serde(into = "u64", from = "u64")]
pub struct Deposited {
    #[event(added(default = 0, since = 2))]
    pub amount: u64,
}

impl From<u64> for Deposited {
    fn from(amount: u64) -> Self {
        Self { amount }
    }
}

impl From<Deposited> for u64 {
    fn from(deposited: Deposited) -> Self {
        deposited.amount
    }
}

fn main() {}
