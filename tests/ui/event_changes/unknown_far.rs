//! A change has a name that is known.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Deposited {
    #[event(upcast = cents)]
    pub amount: u64,
}

fn main() {}
