//! A name can be printed.
use es_core::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
#[event(name = "in\ncreased", aliases("\0"))]
pub struct Increased;

fn main() {}
