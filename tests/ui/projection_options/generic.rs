//! A projection has no type parameters.

use es_core::prelude::*;

#[derive(Projection, Default)]
#[projection(in_memory, events(Increased))]
pub struct Balances<T>(T);

fn main() {}
