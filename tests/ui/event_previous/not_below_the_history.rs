//! The version before is one below the oldest of the history.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened", version = 3, previous = OpenedBefore)]
pub struct Opened {
    pub owner: (String, String),
    #[event(added(default = 0, since = 3))]
    pub at: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened", version = 2, removed(at: u64, since = 2))]
pub struct OpenedBefore {
    pub owner: String,
}

impl From<OpenedBefore> for OpenedV2 {
    fn from(old: OpenedBefore) -> Self {
        Self { owner: (old.owner, String::new()) }
    }
}

fn main() {}
