//! The version stands on the event.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Deposited {
    #[event(version = 2)]
    pub amount: u64,
}

fn main() {}
