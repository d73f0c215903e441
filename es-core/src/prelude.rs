//! What a domain model and the program around it need: `use es_core::prelude::*;`.

pub use crate::BoxError;
pub use crate::aggregate::{Aggregate, Apply, Command, Context, Decision, Events, Handle, IntoEvents, accept, reject};
pub use crate::codec::{Codec, Json};
pub use crate::event::{
    CausationId, Clock, CommandId, CorrelationId, Event, EventId, ManualClock, Metadata, Position, Recorded, StreamId,
    Timestamp,
};
pub use crate::evolution::{Retire, Shape};
pub use crate::journal::{Journal, MemoryStore};
#[cfg(feature = "tokio")]
pub use crate::projection::{
    OnFailure, Project, ProjectBatch, Projected, Projection, Projector, ProjectorError, ProjectorHandle,
    ProjectorState, ReadModel,
};
#[cfg(feature = "tokio")]
pub use crate::publishing::{
    JsonLines, Public, PublicEvent, PublicEvents, Publish, Published, Relay, RelayError, RelayHandle, RelayState,
    ToPublic,
};
#[cfg(feature = "tokio")]
pub use crate::reaction::{Commands, React, Reacted, Reaction, Reactor, ReactorError, ReactorHandle, SendError, Timer};
pub use crate::repository::{
    CommitError, Committed, ExecuteError, LoadError, Loaded, Outcome, Patience, Repository, Retry, UnitError,
    UnitOfWork,
};
#[cfg(feature = "derive")]
pub use es_derive::{Aggregate, Command, Event, Shape};
#[cfg(all(feature = "derive", feature = "tokio"))]
pub use es_derive::{Projection, Publish, Reaction};
