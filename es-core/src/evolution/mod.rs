//! Old events in a new program: versions, and what cannot be read.

mod error;

pub use error::{DecodeError, UnreadableEvent};
