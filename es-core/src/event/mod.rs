//! Events: what they are, what names them, and what the journal knows of them.

mod counted;
mod id;
mod recorded;
mod stream;
mod time;
pub(crate) mod unique;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{Codec, Payload};
use crate::evolution::{DecodeError, VersionShape};
use crate::model::EventModel;

pub use id::{CausationId, CommandId, CorrelationId, EventId};
pub(crate) use recorded::NO_METADATA;
pub use recorded::{Metadata, Position, Recorded};
pub use stream::{StreamId, StreamIdError};
pub use time::{Clock, ManualClock, ParseTimestampError, SystemClock, Timestamp};

/// Something that happened: the content of one event.
///
/// Implemented by `#[derive(Event)]`. The name and the version are what the journal knows it by:
/// they stay as they are when the struct is renamed or moved.
///
/// ```
/// use es_core::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// fn cents(euros: f64) -> i64 {
///     (euros * 100.0).round() as i64
/// }
///
/// /// Version 1 was `{ value: f64, teller: String }`, version 2 `{ amount: f64, at: u64, teller: String }`.
/// #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
/// #[event(name = "deposited", version = 3, removed(teller: String, since = 3))]
/// pub struct Deposited {
///     #[event(renamed(from = value, since = 2), changed(from = f64, with = cents, since = 3))]
///     pub amount: i64,
///     #[event(added(default = 0, since = 2))]
///     pub at: u64,
/// }
///
/// let old = DepositedV1 { value: 1.5, teller: "t".to_owned() };
/// assert_eq!(Deposited::from(old), Deposited { amount: 150, at: 0 });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "write `#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]` on it"
)]
pub trait Event: EventData {
    /// What the derive knows of the event: its name in the journal, versions, fields, docs.
    const MODEL: EventModel;
    /// The shape of each version that the program reads, the oldest first: what the schema lock compares.
    const SHAPES: &'static [VersionShape] = &[];

    /// Reads an event that was recorded as `version`, and lifts it to the version of today.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Version`] for a version that the program does not know,
    /// [`DecodeError::Payload`] for bytes that are not such an event.
    fn decode<C: Codec>(version: u32, payload: &Payload<'_>) -> Result<Self, DecodeError>;
}

/// What a type needs to be the content of an event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an event: the journal cannot write and read it, or a test compare it",
    label = "an event is Serialize, Deserialize, Clone, Debug and PartialEq",
    note = "write `#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]` on it; it is Send, Sync and 'static too"
)]
pub trait EventData: Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T> EventData for T where T: Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static {}
