//! A reaction reacts to events.

use es_core::prelude::*;

#[derive(Reaction)]
#[reaction(events())]
pub struct Bonus;

fn main() {}
