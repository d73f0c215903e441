//! A slip of the hand.
use es_core::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
#[event(nme = "increased")]
pub struct Increased;

fn main() {}
