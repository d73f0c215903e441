//! An event is written and read.
use es_core::prelude::*;

#[derive(Event, Debug, Clone, PartialEq)]
pub struct Increased {
    by: u64,
}

fn main() {}
