//! Event sourcing checked by the compiler.
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
