//! An event is a struct or an enum.
use es_core::prelude::*;

#[derive(Event, Clone, Copy)]
pub union Increased {
    by: u64,
}

fn main() {}
