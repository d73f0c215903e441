//! The history of an enum is in `previous`.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "switched", version = 2, previous = SwitchedV1)]
pub enum Switched {
    On {
        #[event(added(default = 0, since = 2))]
        at: u64,
    },
    Off,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "switched")]
pub enum SwitchedV1 {
    On,
    Off,
}

impl From<SwitchedV1> for Switched {
    fn from(old: SwitchedV1) -> Self {
        match old {
            SwitchedV1::On => Self::On { at: 0 },
            SwitchedV1::Off => Self::Off,
        }
    }
}

fn main() {}
