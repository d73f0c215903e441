//! Something says what each version changed.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "deposited", version = 4000000000)]
pub struct Deposited {
    #[event(added(default = 0, since = 3))]
    pub amount: u64,
}

fn main() {}
