//! The only option is `crate`.
use es_core::prelude::*;

#[derive(Command, Debug, Clone)]
#[command(name = "increase")]
pub struct Increase;

fn main() {}
