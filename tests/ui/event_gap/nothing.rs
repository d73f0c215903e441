//! Something says what each version changed.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "deposited", version = 2)]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
