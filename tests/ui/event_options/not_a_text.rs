//! A name is a text.
use es_core::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
#[event(name = increased)]
pub struct Increased;

fn main() {}
