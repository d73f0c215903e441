//! What a command writes: the events of its decision as the journal takes them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::BoxError;
use crate::aggregate::{Aggregate, Context, Events, IntoEvents};
use crate::codec::{Codec, Payload};
use crate::event::{CommandId, EventId, Metadata, StreamId};
use crate::journal::NewEvent;

/// Gives the ids of the events of one append: the same ones each time it is made.
pub(super) enum EventIds {
    /// Those that belong to step `step` of a command.
    OfCommand { command: CommandId, step: u32 },
    /// Those that follow a new id.
    From(EventId),
}

impl EventIds {
    pub(super) fn of(context: &Context, step: u32) -> Self {
        match context.command_id() {
            Some(command) => Self::OfCommand { command, step },
            None => Self::From(EventId::of_append(context.now())),
        }
    }

    pub(super) fn id(&self, stream: &StreamId, index: usize) -> EventId {
        // An append has at most 1,000 events.
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        match *self {
            Self::OfCommand { command, step } => EventId::of_command(command, stream, step, index),
            Self::From(first) => first.nth(index),
        }
    }
}

/// Makes events for the journal of those of a decision, and gives them as they will read back.
///
/// An event that does not read back (a float that JSON has no number for, a serde attribute that works one way only)
/// is an error here, where nothing is written yet: in the journal it would be in the way of its aggregate for ever.
/// And the state goes on from what was written, not from what was meant, so it is the same before and after a restart.
pub(super) fn encode<A: Aggregate>(
    stream: &StreamId,
    events: &Events<A>,
    ids: &EventIds,
    metadata: &Arc<Metadata>,
) -> Result<(Vec<NewEvent>, Events<A>), BoxError> {
    let mut new = Vec::with_capacity(events.len());
    let mut written = Events::none();
    for (index, event) in events.iter().enumerate() {
        let mut payload = Vec::with_capacity(128);
        let kind = A::encode_event(event, &mut payload)?;
        let read = Payload { format: A::Codec::FORMAT, bytes: &payload };
        A::decode_event(A::resolve(kind.name)?, kind.version, &read)?.append_to(&mut written);
        new.push(NewEvent {
            id: ids.id(stream, index),
            name: Cow::Borrowed(kind.name),
            version: kind.version,
            format: Cow::Borrowed(A::Codec::FORMAT),
            payload,
            metadata: Arc::clone(metadata),
        });
    }
    Ok((new, written))
}
