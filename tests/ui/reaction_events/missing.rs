//! A reaction lists its events.

use es_core::prelude::*;

#[derive(Reaction)]
#[reaction(name = "bonus")]
pub struct Bonus;

fn main() {}
