//! Where the history goes back to version 1, nothing comes before it.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened", version = 2, previous = OpenedV1)]
pub struct Opened {
    pub owner: (String, String),
    #[event(added(default = 0, since = 2))]
    pub at: u64,
}

fn main() {}
