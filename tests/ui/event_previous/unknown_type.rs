//! The version before is a type.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened", version = 2, previous = OpenedV1)]
pub struct Opened {
    pub owner: (String, String),
}

fn main() {}
