//! A name has a character at least.
use es_core::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
#[event(name = "")]
pub struct Increased;

fn main() {}
