//! What is gone stands on the event.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
pub struct Deposited {
    #[event(removed(teller: String, since = 2))]
    pub amount: u64,
}

fn main() {}
