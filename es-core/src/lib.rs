//! Event sourcing checked by the compiler.
//!
//! State is kept as the events that led to it. A **command** asks an **aggregate** for a change; the aggregate checks it against
//! its state, and answers with **events** or with an error. The events go into a **journal**, which nothing is ever changed in,
//! and the state is what they make of it, one after the other. What belongs together is declared once, with derives: a command
//! without a handler, an event that is not applied, or two events with one name in the journal does not compile.
//!
//! ```
//! use es_core::prelude::*;
//! use es_core::testing::Scenario;
//! use serde::{Deserialize, Serialize};
//!
//! /// Pay money in.
//! #[derive(Command, Debug, Clone)]
//! struct Increase {
//!     by: u64,
//! }
//!
//! /// Money was paid in.
//! #[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
//! #[event(name = "increased")]
//! struct Increased {
//!     by: u64,
//! }
//!
//! #[derive(Debug, Clone, PartialEq, thiserror::Error)]
//! #[error("balance limit of 1000 is reached")]
//! struct LimitReached;
//!
//! /// A bank account whose balance stays at or below 1000.
//! #[derive(Aggregate, Debug, Default, Clone, PartialEq)]
//! #[aggregate(name = "account", commands(Increase), events(Increased), error = LimitReached)]
//! struct Account {
//!     #[apply(Increased => self.balance + event.by)]
//!     balance: u64,
//! }
//!
//! impl Handle<Increase> for Account {
//!     fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
//!         match self.balance.checked_add(command.by) {
//!             Some(balance) if balance <= 1000 => accept(Increased { by: command.by }),
//!             _ => reject(LimitReached),
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! // Rules are tested without a journal.
//! Scenario::<Account>::given(Increased { by: 900 }).when(Increase { by: 200 }).then_error(LimitReached);
//!
//! // A program has a journal: this one in memory, or a file, or a server.
//! let store = MemoryStore::new();
//! let accounts = Repository::<Account, _>::new(&store);
//! let outcome = accounts.execute("alice", Increase { by: 100 }).actor("teller-7").await?;
//! assert_eq!((outcome.state.balance, outcome.version), (100, 1));
//!
//! // The state of now, the one of then, and who did what when.
//! accounts.execute("alice", Increase { by: 30 }).await?;
//! assert_eq!(accounts.load("alice").await?.state.balance, 130);
//! assert_eq!(accounts.load("alice").at_version(1).await?.state.balance, 100);
//! assert_eq!(accounts.history("alice").await?[0].metadata.actor.as_deref(), Some("teller-7"));
//! # Ok(()) }
//! ```
//!
//! # Where to look
//!
//! | for | there is |
//! |---|---|
//! | what a domain model and its program import | [`prelude`] |
//! | the domain | [`Aggregate`], [`Command`], [`Event`], [`Handle`], [`Apply`], [`Decision`] |
//! | the write side | [`Repository`] executes commands and loads states; [`UnitOfWork`] changes several aggregates or none |
//! | events that change over the years | [`Event`], [`Retire`], [`Shape`] |
//! | where events are | [`Journal`], and [`MemoryStore`] for tests; the crate `es-sqlite` for a file, `es-postgres` for a server |
//! | states that are long in coming | [`SnapshotPolicy`], [`SnapshotStore`] |
#![cfg_attr(feature = "tokio", doc = "| read models | [`Projection`], [`Projector`] |")]
#![cfg_attr(feature = "tokio", doc = "| events in, commands out | [`Reaction`], [`Reactor`] |")]
#![cfg_attr(feature = "tokio", doc = "| what other programs are told | [`Publish`], [`Relay`] |")]
#![cfg_attr(feature = "testing", doc = "| tests, and the schema lock | [`testing`] |")]
//! | formats of events | [`Codec`], [`Json`] |
//! | a journal that moves to another store | [`JournalCopy`] |
//!
//! # Features
//!
//! - `derive`, on by default: the derives.
//! - `testing`, on by default: the module `testing`, with scenarios and the schema lock.
//! - `tokio`, on by default: projections, reactions and publishing, which run in tasks of tokio. Without it there is the write side,
//!   which needs no runtime.
//! - `postcard`: `Postcard`, a small binary format.
//! - `conformance`: the suite that stores are tested with, `testing::conformance`.
#![cfg_attr(docsrs, feature(doc_cfg))]
// What `testing` alone needs of the rest.
#![cfg_attr(not(feature = "testing"), allow(dead_code, unused_imports))]

// The derives name this crate from outside, also in its own tests.
#[cfg(test)]
extern crate self as es_core;

mod aggregate;
mod check;
mod codec;
mod copy;
mod event;
mod evolution;
mod hash;
mod join;
mod journal;
pub mod model;
pub mod prelude;
#[cfg(feature = "tokio")]
mod projection;
#[cfg(feature = "tokio")]
mod publishing;
#[cfg(feature = "tokio")]
mod reaction;
mod repository;
mod runtime;
mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;
mod timer;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use aggregate::{
    Accepts, Aggregate, Apply, Command, CommandOf, Context, Decision, EventKind, EventOf, Events, Handle, IdOf,
    IntoCommand, IntoEvents, IntoIter, accept, reject,
};
#[cfg(feature = "postcard")]
pub use codec::Postcard;
pub use codec::{Also, Codec, Json, Payload, PayloadError};
pub use copy::{Copied, CopyError, CopyProgress, CopyStep, JournalCopy};
pub use event::{
    CausationId, Clock, CommandId, CorrelationId, Event, EventData, EventId, ManualClock, Metadata,
    ParseTimestampError, Position, Recorded, StreamId, StreamIdError, SystemClock, Timestamp,
};
pub use evolution::{
    Content, DecodeError, FieldShape, NestedShape, Retire, RetiredOf, Shape, TypeShape, UnreadableEvent, VariantShape,
    VersionShape,
};
pub use journal::{
    Append, AppendError, Appended, AppendedStream, ExpectedVersion, Filter, HeldBack, ImportJournal, ImportPart,
    Imported, Journal, JournalError, JournalId, MemoryStore, MemoryStoreBuilder, NewEvent, Page, PageEvents, PageSize,
    RawEvent, RecentlyUsed, Slices, StreamAppend, limits,
};
#[cfg(feature = "tokio")]
pub use projection::{
    BatchSize, Checkpoint, Ended, InMemory, InMemoryLease, InlineStore, InlineView, Lag, LastEvent, OfAggregate,
    OnFailure, OneByOne, ParkedEvent, Partition, Project, ProjectBatch, Projected, ProjectedBy, Projection, Projector,
    ProjectorError, ProjectorHandle, ProjectorState, ReadModel, ReadStore, ReadStoreError, Replayed, Routes, Status,
    StatusChanges, View, Work,
};
#[cfg(feature = "tokio")]
pub use publishing::{
    Feed, IntoPublic, JsonLines, MessageKey, OutboxMessage, OutboxSize, OutboxStore, ParkedMessage, Public,
    PublicEvent, PublicEvents, Publish, PublishError, PublishErrorKind, Published, PublishedBy, Publisher, Relay,
    RelayChanges, RelayError, RelayHandle, RelayState, RelayStatus, SyncPolicy, ToPublic,
};
#[cfg(feature = "tokio")]
pub use reaction::{
    Commands, KeptAnswer, React, Reacted, ReactedBy, Reaction, ReactionStore, Reactions, Reactor, ReactorError,
    ReactorHandle, ReactorStatus, ReactorStatusChanges, SendError, SentBy, Targets, Timer,
};
pub use repository::{
    CommitError, Committed, Decided, Execute, ExecuteError, History, HistoryPages, Load, LoadError, Loaded, Outcome,
    Patience, Repository, RepositoryBuilder, Retry, UnitCommand, UnitError, UnitOfWork,
};
pub use snapshot::{ListSnapshots, Snapshot, SnapshotPolicy, SnapshotStore};

#[cfg(feature = "derive")]
pub use es_derive::{Aggregate, Command, Event, Shape};
#[cfg(all(feature = "derive", feature = "tokio"))]
pub use es_derive::{Projection, Publish, Reaction};

/// Any error that may cross threads.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
