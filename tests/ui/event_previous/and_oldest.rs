//! The oldest version is in `previous`, where there is one.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened", version = 2, oldest = 2, previous = OpenedV1)]
pub struct Opened {
    pub owner: (String, String),
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "opened")]
pub struct OpenedV1 {
    pub owner: String,
}

fn main() {}
