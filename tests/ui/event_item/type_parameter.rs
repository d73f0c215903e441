//! An event has no type parameters.
use es_core::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize, Debug, Clone, PartialEq)]
pub struct Increased<T> {
    by: T,
}

fn main() {}
