//! An alias is given once, and is not the name.
use es_core::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
#[event(name = "increased", aliases("put", "put", "increased"))]
pub struct Increased;

fn main() {}
