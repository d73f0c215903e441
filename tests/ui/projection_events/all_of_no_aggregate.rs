//! All events of what is not an aggregate.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Projection, Default)]
#[projection(in_memory, events(all of Increased))]
pub struct Balances;

fn main() {}
