//! The name that the type gives is checked too.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(), events(Increased), error = TooLow)]
pub struct Größe {
    #[apply(Increased => self.balance + event.by)]
    balance: u64,
}

fn main() {}
