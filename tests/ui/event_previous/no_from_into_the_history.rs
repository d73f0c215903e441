//! The version before becomes the oldest of the history by a `From`.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened", version = 3, previous = OpenedV1)]
pub struct Opened {
    pub owner: (String, String),
    #[event(added(default = 0, since = 3))]
    pub at: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened")]
pub struct OpenedV1 {
    pub owner: String,
}

impl From<OpenedV1> for Opened {
    fn from(old: OpenedV1) -> Self {
        Self { owner: (old.owner, String::new()), at: 0 }
    }
}

fn main() {}
