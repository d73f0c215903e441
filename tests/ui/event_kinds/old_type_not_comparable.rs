//! A type that a field had is as those of today.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct Euros(f64);

fn cents(euros: Euros) -> u64 {
    euros.0 as u64
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
pub struct Deposited {
    #[event(changed(from = Euros, with = cents, since = 2))]
    pub amount: u64,
}

fn main() {}
