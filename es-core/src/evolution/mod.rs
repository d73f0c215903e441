//! Old events in a new program: versions, and what cannot be read.

mod error;
mod retire;
mod shape;

pub use error::{DecodeError, UnreadableEvent};
pub use retire::{Retire, RetiredOf};
pub use shape::{Content, FieldShape, NestedShape, NoShape, Probe, Shape, TypeShape, VariantShape, VersionShape};
