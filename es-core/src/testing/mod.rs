//! Helpers for tests of domain models and of stores.

mod decode;

pub use decode::decode;
