//! What leaves the system is never the journal's own event.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

#[derive(Publish)]
#[publish(name = "bank", source = "/bank", events(Increased))]
pub struct BankNews;

impl ToPublic<Increased> for BankNews {
    fn to_public(&self, recorded: &Recorded<Increased>, news: &mut PublicEvents) -> Published {
        news.add(recorded.event.clone())
    }
}

fn main() {}
