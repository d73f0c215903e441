//! What the code that `#[derive(Publish)]` writes calls.

pub use super::{Feed, OutboxStore, Publish, PublishedBy, ToPublic};
