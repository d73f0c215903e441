//! A reaction has no type parameters.

use es_core::prelude::*;

#[derive(Reaction)]
#[reaction(events())]
pub struct Bonus<T>(T);

fn main() {}
