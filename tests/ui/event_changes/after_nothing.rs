//! A field stood behind one that was there.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, removed(teller: String, since = 2, after = amuont))]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
