//! The source is a URI-reference.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Publish)]
#[publish(name = "bank", source = "the bank", events(Increased))]
pub struct BankNews;

impl ToPublic<Increased> for BankNews {
    fn to_public(&self, _: &Recorded<Increased>, _: &mut PublicEvents) -> Published {
        Ok(())
    }
}

fn main() {}
