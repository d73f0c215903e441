//! Old events in a new program: versions, and what cannot be read.

mod error;
mod shape;

pub use error::{DecodeError, UnreadableEvent};
pub use shape::{Content, FieldShape, NestedShape, NoShape, Probe, Shape, TypeShape, VariantShape, VersionShape};
