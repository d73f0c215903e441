//! The version before is one below.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened", version = 3, previous = OpenedV1)]
pub struct Opened {
    pub owner: (String, String),
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened")]
pub struct OpenedV1 {
    pub owner: String,
}

impl From<OpenedV1> for Opened {
    fn from(old: OpenedV1) -> Self {
        Self { owner: (old.owner, String::new()) }
    }
}

fn main() {}
