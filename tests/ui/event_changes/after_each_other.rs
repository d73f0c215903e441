//! Two fields did not stand behind each other.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, removed(a: u8, since = 2, after = b), removed(b: u8, since = 2, after = a))]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
