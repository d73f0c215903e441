//! An aggregate has no type parameters.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase), events(Increased), error = TooLow)]
pub struct Account<T> {
    balance: T,
}

fn main() {}
