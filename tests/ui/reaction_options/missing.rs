//! A reaction says what it reacts to.

use es_core::prelude::*;

#[derive(Reaction)]
pub struct Bonus;

fn main() {}
