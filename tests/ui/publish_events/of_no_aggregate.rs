//! An event that is published is one that an aggregate records.

use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Closed;

#[derive(Publish)]
#[publish(name = "bank", source = "/bank", events(Closed))]
pub struct BankNews;

impl ToPublic<Closed> for BankNews {
    fn to_public(&self, _: &Recorded<Closed>, _: &mut PublicEvents) -> Published {
        Ok(())
    }
}

fn main() {}
