//! The bank account of the repository's tests, and a journal that does not always do what it should.
#![allow(missing_docs, dead_code, unreachable_pub, reason = "a test; not each one uses all of it")]

pub mod faulty;

use es_core::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Command, Debug, Clone)]
pub struct Increase {
    pub by: u64,
}

#[derive(Command, Debug, Clone)]
pub struct Decrease {
    pub by: u64,
}

/// Pays in twice, as two events.
#[derive(Command, Debug, Clone)]
pub struct IncreaseTwice {
    pub by: u64,
}

/// Changes nothing.
#[derive(Command, Debug, Clone)]
pub struct Look;

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "increased")]
pub struct Increased {
    pub by: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "decreased")]
pub struct Decreased {
    pub by: u64,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("balance falls below 0")]
pub struct BelowZero;

#[derive(Aggregate, Serialize, Deserialize, Debug, Default, PartialEq)]
#[aggregate(
    name = "account",
    commands(Increase, Decrease, IncreaseTwice, Look),
    events(Increased, Decreased),
    error = BelowZero,
    snapshot(every = 10, keep = 2)
)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    #[apply(Decreased => self.balance - event.by)]
    pub balance: u64,
    #[apply(Increased => self.changes + 1)]
    #[apply(Decreased => self.changes + 1)]
    pub changes: u64,
}

thread_local! {
    /// How often a state was copied on this thread.
    pub static COPIES: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

impl Clone for Account {
    fn clone(&self) -> Self {
        COPIES.set(COPIES.get() + 1);
        Self { ..*self }
    }
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

impl Handle<Decrease> for Account {
    fn handle(&self, command: Decrease, _: &Context) -> Decision<Self> {
        if command.by > self.balance {
            return reject(BelowZero);
        }
        accept(Decreased { by: command.by })
    }
}

impl Handle<IncreaseTwice> for Account {
    fn handle(&self, command: IncreaseTwice, _: &Context) -> Decision<Self> {
        accept([Increased { by: command.by }, Increased { by: command.by }])
    }
}

impl Handle<Look> for Account {
    fn handle(&self, _: Look, _: &Context) -> Decision<Self> {
        accept(())
    }
}
