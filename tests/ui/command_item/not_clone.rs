//! A command is decided on again after a lost race.
use es_core::prelude::*;

#[derive(Command)]
pub struct Increase {
    by: u64,
}

fn main() {}
