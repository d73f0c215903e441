//! A publication has its attribute.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Publish)]
pub struct BankNews;

fn main() {}
