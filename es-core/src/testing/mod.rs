//! Helpers for tests of domain models and of stores.
//
// What is not generic is `#[inline]`: so it is compiled with the tests that use it, and not with each program.

#[cfg(feature = "conformance")]
pub mod conformance;
mod decode;
mod decodes;
mod diff;
mod golden;
mod kinds;
mod lock;
#[cfg(feature = "tokio")]
mod memory_outbox;
#[cfg(feature = "tokio")]
mod publishing;
#[cfg(feature = "tokio")]
mod reaction_scenario;
mod scenario;

#[cfg(feature = "conformance")]
#[doc(inline)]
pub use crate::__conformance as conformance;
#[cfg(feature = "conformance")]
#[doc(inline)]
pub use crate::__import_conformance as import_conformance;
#[cfg(feature = "conformance")]
#[doc(inline)]
pub use crate::__outbox_conformance as outbox_conformance;
#[cfg(feature = "conformance")]
#[doc(inline)]
pub use crate::__reaction_conformance as reaction_conformance;
#[cfg(feature = "conformance")]
#[doc(inline)]
pub use crate::__read_store_conformance as read_store_conformance;
pub use decode::decode;
pub use decodes::{Aggregates, DecodeReport, UnreadableKind, assert_decodes, check_decodes};
pub use kinds::{RecordedKind, kinds};
pub use lock::assert_schema_lock;
#[doc(hidden)]
pub use lock::lock_texts;
#[cfg(feature = "tokio")]
pub use memory_outbox::{MemoryOutbox, MemoryOutboxLease, MemoryOutboxTx};
#[cfg(feature = "tokio")]
pub use publishing::{TestPublisher, published};
#[cfg(feature = "tokio")]
pub use reaction_scenario::{ReactionScenario, ReactionThen, Sent};
pub use scenario::{Scenario, Then};
