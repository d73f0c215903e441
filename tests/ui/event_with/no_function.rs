//! The function is a function.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
pub struct Deposited {
    #[event(changed(from = f64, with = 100.0, since = 2))]
    pub amount: u64,
}

fn main() {}
