//! Helpers for tests of domain models and of stores.

mod decode;
mod diff;
mod scenario;

pub use decode::decode;
pub use scenario::{Scenario, Then};
