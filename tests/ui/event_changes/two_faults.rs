//! Each mistake is reported, all at once.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 3)]
pub struct Deposited {
    #[event(added(default = 0, since = 1))]
    pub amount: u64,
    #[event(renamed(from = by, since = 3), renamed(from = teller, since = 2))]
    pub teller: String,
    #[event(changed(from = u32, with = u64::from))]
    pub at: u64,
}

fn main() {}
