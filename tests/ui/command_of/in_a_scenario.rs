//! A command goes to an aggregate that lists it.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::testing::Scenario;

fn decrease() {
    Scenario::<Account>::new().when(Decrease { by: 1 }).then_error(TooLow);
}

fn main() {}
