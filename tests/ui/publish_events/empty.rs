//! A publication has an event at least.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Publish)]
#[publish(name = "bank", source = "/bank", events())]
pub struct BankNews;

fn main() {}
