//! A projection has `#[projection(..)]`.

use es_core::prelude::*;

#[derive(Projection, Default)]
pub struct Balances;

fn main() {}
