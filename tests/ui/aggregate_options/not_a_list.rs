//! `commands` is a list.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands = Increase, events(Increased), error = TooLow)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    balance: u64,
}

fn main() {}
