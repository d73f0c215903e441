//! Two changes of one kind in one version of one field overlap.
use es_core::prelude::*;
use serde::{Deserialize, Serialize};

fn cents(euros: f64) -> u64 {
    euros as u64
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(version = 2)]
pub struct Deposited {
    #[event(changed(from = f64, with = cents, since = 2))]
    #[event(changed(from = f64, with = cents, since = 2))]
    pub amount: u64,
}

fn main() {}
