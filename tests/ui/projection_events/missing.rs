//! A projection lists its events.

use es_core::prelude::*;

#[derive(Projection, Default)]
#[projection(in_memory)]
pub struct Balances;

fn main() {}
