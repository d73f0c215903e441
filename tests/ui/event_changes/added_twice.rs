//! A field came once.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3)]
pub struct Deposited {
    #[event(added(default = 0, since = 2), added(default = 0, since = 3))]
    pub amount: u64,
}

fn main() {}
