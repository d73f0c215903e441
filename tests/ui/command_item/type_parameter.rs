//! A command has no type parameters.
use es_core::prelude::*;

#[derive(Command, Debug, Clone)]
pub struct Increase<T> {
    by: T,
}

fn main() {}
