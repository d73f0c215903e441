//! `#[publish(..)]` says nothing of a field.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Publish)]
#[publish(source = "/bank", events(Increased))]
pub struct BankNews {
    #[publish(skip)]
    seen: u64,
}

impl ToPublic<Increased> for BankNews {
    fn to_public(&self, _: &Recorded<Increased>, _: &mut PublicEvents) -> Published {
        Ok(())
    }
}

fn main() {}
