//! Who, why, and under which id: the options that commands and units of work share.

/// Writes the methods that set what events carry with them, for a builder with a field `metadata`.
macro_rules! metadata_options {
    () => {
        origin_options!();

        /// Gives it an id: repeated under the same id, it is answered with what it did the first time, and does
        /// nothing more.
        ///
        /// What was rejected, or gave no events, left nothing behind, so a repeat of it is decided anew.
        pub fn command_id(mut self, id: crate::event::CommandId) -> Self {
            self.metadata.command_id = Some(id);
            self
        }
    };
}

/// Writes those of these methods that also a command within a unit has, whose id is that of the unit.
macro_rules! origin_options {
    () => {
        /// Says who asks: a user, a program.
        pub fn actor(mut self, actor: impl Into<String>) -> Self {
            self.metadata.actor = Some(actor.into());
            self
        }

        /// Says what it belongs to, across aggregates and programs.
        pub fn correlation_id(mut self, id: impl Into<crate::event::CorrelationId>) -> Self {
            self.metadata.correlation_id = Some(id.into());
            self
        }

        /// Says what led to it: an event, or another command.
        pub fn causation_id(mut self, id: impl Into<crate::event::CausationId>) -> Self {
            self.metadata.causation_id = Some(id.into());
            self
        }

        /// Keeps `value` under `key` with the events.
        pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
            self.metadata.extra.insert(key.into(), value.into());
            self
        }
    };
}

pub(super) use {metadata_options, origin_options};
