//! What older events get is of the type of the field.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
pub struct Deposited {
    pub amount: u64,
    #[event(added(default = 1, since = 2))]
    pub teller: String,
}

fn main() {}
