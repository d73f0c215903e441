//! A publication says of which events.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Publish)]
#[publish(name = "bank", source = "/bank")]
pub struct BankNews;

fn main() {}
