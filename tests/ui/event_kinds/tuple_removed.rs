//! The fields of a tuple struct have no names.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2, removed(teller: String, since = 2))]
pub struct Deposited(pub u64);

fn main() {}
