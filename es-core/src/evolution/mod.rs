//! Old events in a new program: versions, and what cannot be read.

mod error;
mod lock;
mod nothing;
mod retire;
mod shape;
pub(crate) mod state;
mod step;

pub use error::{DecodeError, UnreadableEvent};
pub use lock::{
    Locked, LockedEvent, LockedField, LockedVersion, Locks, NotPlaced, Placed, check_before, check_event, check_known,
    check_member,
};
pub use nothing::read_nothing;
pub use retire::{Retire, RetiredOf};
pub use shape::{Content, FieldShape, NestedShape, NoShape, Probe, Shape, TypeShape, VariantShape, VersionShape};
pub use step::{
    Absent, NoEvent, Previous, Upcast, check_previous, convert, decode_older, decode_previous, default_of, join_shapes,
};
