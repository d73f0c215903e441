//! A projection is made of events.

use es_core::prelude::*;

#[derive(Projection, Default)]
#[projection(in_memory, events())]
pub struct Balances;

fn main() {}
