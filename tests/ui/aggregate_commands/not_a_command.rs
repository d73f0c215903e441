//! What is listed is a command.

#[path = "../domain.rs"]
mod domain;

use domain::*;
use es_core::prelude::*;

#[derive(Debug, Clone)]
pub struct Noise;

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(commands(Increase, Noise), events(Increased), error = TooLow)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

impl Handle<Noise> for Account {
    fn handle(&self, _: Noise, _: &Context) -> Decision<Self> {
        accept(())
    }
}

fn main() {}
