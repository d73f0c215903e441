//! A field was not called as another one that was there.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
pub struct Deposited {
    #[event(renamed(from = value, since = 2))]
    pub amount: u64,
    pub value: u64,
}

fn main() {}
