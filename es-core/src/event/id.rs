//! The ids of events and commands.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{StreamId, unique};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id, a UUIDv7: unique, and later ones sort after earlier ones.
            #[expect(clippy::new_without_default, reason = "a default that differs each time surprises")]
            pub fn new() -> Self {
                Self(unique::now_v7())
            }

            /// Takes a UUID of any version as it is.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Takes the 16 bytes of a UUID as they are.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The UUID.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }

            /// The 16 bytes of the UUID.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// Names one event in the whole journal.
    EventId
}

id! {
    /// Names one command, so that a repeat of it is answered and not done again.
    ///
    /// A command that comes with an id of its own (a request's idempotency key, a message's id)
    /// keeps it through [`CommandId::from_name`]:
    ///
    /// ```
    /// use es_core::CommandId;
    ///
    /// assert_eq!(CommandId::from_name("payment-4711"), CommandId::from_name("payment-4711"));
    /// assert_ne!(CommandId::from_name("payment-4711"), CommandId::from_name("payment-4712"));
    /// ```
    CommandId
}

id! {
    /// Names all that one request set off, across aggregates and programs.
    CorrelationId
}

id! {
    /// Names the event or command that led to this one.
    CausationId
}

impl From<EventId> for CausationId {
    fn from(id: EventId) -> Self {
        Self(id.0)
    }
}

impl From<CommandId> for CausationId {
    fn from(id: CommandId) -> Self {
        Self(id.0)
    }
}

/// The namespace of ids made from names, for UUIDv5 (RFC 9562, section 5.5).
const NAMESPACE: Uuid = Uuid::from_u128(0x6573_0000_636f_6d6d_616e_6420_6e61_6d65);

impl CommandId {
    /// Makes the id that always goes with `name`.
    pub fn from_name(name: &str) -> Self {
        Self(unique::v5(&NAMESPACE, &[name.as_bytes()]))
    }
}

impl EventId {
    /// Makes the id of the event with number `index` of step `step` of a command on `stream`.
    ///
    /// The same arguments give the same id, so an append that is repeated is recognised. It is a
    /// UUIDv7 with the command's time where the command's id has one, and a hash for the rest.
    pub fn of_command(command: CommandId, stream: &StreamId, step: u32, index: u32) -> Self {
        let (step, index) = (step.to_be_bytes(), index.to_be_bytes());
        let mut bytes = unique::v5(&command.0, &[&step, &index, stream.as_str().as_bytes()]).into_bytes();
        if command.0.get_version_num() == 7 {
            bytes[..6].copy_from_slice(&command.as_bytes()[..6]);
        }
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        Self::from_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_a_commands_events_are_its_own_and_always_the_same() {
        let stream = StreamId::new("account", "alice").unwrap();
        let command = CommandId::new();
        let id = EventId::of_command(command, &stream, 0, 0);
        assert_eq!(id, EventId::of_command(command, &stream, 0, 0));
        assert_eq!(id.as_uuid().get_version_num(), 7);
        assert_eq!(id.as_bytes()[..6], command.as_bytes()[..6]);
        let other_stream = StreamId::new("account", "bob").unwrap();
        for other in [
            EventId::of_command(command, &stream, 0, 1),
            EventId::of_command(command, &stream, 1, 0),
            EventId::of_command(command, &other_stream, 0, 0),
            EventId::of_command(CommandId::new(), &stream, 0, 0),
        ] {
            assert_ne!(id, other);
        }
    }

    /// They are in journals.
    #[test]
    fn ids_of_names_stay_as_they_are() {
        let command = CommandId::from_name("payment-4711");
        assert_eq!(command.to_string(), "273ddadd-324a-5436-bbd0-160616786f48");
        let stream = StreamId::new("account", "alice").unwrap();
        let event = EventId::of_command(command, &stream, 1, 2);
        assert_eq!(event.to_string(), "a0956d14-86e8-773c-aa2c-97d4a31148e6");
    }
}
