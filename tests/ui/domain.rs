//! What most cases need: two commands, two events and an error that are all as they should be.
#![allow(dead_code)]

use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Command, Debug, Clone)]
pub struct Increase {
    pub by: u64,
}

#[derive(Command, Debug, Clone)]
pub struct Decrease {
    pub by: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "increased", aliases("paid_in"))]
pub struct Increased {
    pub by: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "decreased")]
pub struct Decreased {
    pub by: u64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the balance is too low")]
pub struct TooLow;
