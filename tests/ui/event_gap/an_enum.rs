//! Something says what each version of an enum changed.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "switched", version = 2)]
pub enum Switched {
    On,
    Off,
}

fn main() {}
