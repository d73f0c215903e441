//! An enum has no fields.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "switched", version = 2, removed(at: u64, since = 2))]
pub enum Switched {
    On,
    Off,
}

fn main() {}
