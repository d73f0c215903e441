//! A field that is renamed had another name.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
pub struct Deposited {
    #[event(renamed(from = amount, since = 2))]
    pub amount: u64,
}

fn main() {}
