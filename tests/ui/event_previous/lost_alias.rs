//! The version before has a name in the journal that the event itself lacks.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened", version = 2, previous = OpenedV1)]
pub struct Opened {
    pub owner: (String, String),
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened", aliases("started"))]
pub struct OpenedV1 {
    pub owner: String,
}

impl From<OpenedV1> for Opened {
    fn from(old: OpenedV1) -> Self {
        Self { owner: (old.owner, String::new()) }
    }
}

fn main() {}
