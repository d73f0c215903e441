//! What the derives know of a domain, as plain data: for documents, checks and tools.

/// An aggregate: its name, its commands and its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AggregateModel {
    /// The name in the journal.
    pub name: &'static str,
    /// The doc comment.
    pub docs: &'static str,
    /// The fields of the state; none for an enum.
    pub fields: &'static [FieldModel],
    /// What can be asked of it, in the order of `commands(..)`.
    pub commands: &'static [&'static CommandModel],
    /// What can happen to it, in the order of `events(..)`.
    pub events: &'static [&'static EventModel],
    /// What once happened and is no longer recorded, in the order of `retired(..)`.
    pub retired: &'static [&'static EventModel],
}

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandModel {
    /// The name of the type.
    pub name: &'static str,
    /// The doc comment.
    pub docs: &'static str,
    /// The fields; none for an enum.
    pub fields: &'static [FieldModel],
}

/// An event, with all versions of it that the program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventModel {
    /// The name in the journal.
    pub name: &'static str,
    /// Other names in the journal that are read as this event.
    pub aliases: &'static [&'static str],
    /// The name of the type.
    pub type_name: &'static str,
    /// The doc comment.
    pub docs: &'static str,
    /// The version that is written today.
    pub version: u32,
    /// The oldest version that still reads.
    pub oldest: u32,
    /// The fields of today's version; none for an enum.
    pub fields: &'static [FieldModel],
}

/// A field of a state, a command or an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldModel {
    /// The name; the number of a field without one.
    pub name: &'static str,
    /// The type, as it is written in the source.
    pub ty: &'static str,
    /// The doc comment.
    pub docs: &'static str,
}

impl AggregateModel {
    /// Makes a model; the derives do.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        docs: &'static str,
        fields: &'static [FieldModel],
        commands: &'static [&'static CommandModel],
        events: &'static [&'static EventModel],
        retired: &'static [&'static EventModel],
    ) -> Self {
        Self { name, docs, fields, commands, events, retired }
    }

    /// All events that may be in the journal: the current ones, then the retired ones.
    pub fn recorded_events(&self) -> impl Iterator<Item = &'static EventModel> + use<> {
        self.events.iter().chain(self.retired).copied()
    }
}

impl CommandModel {
    /// Makes a model; the derives do.
    #[doc(hidden)]
    pub const fn new(name: &'static str, docs: &'static str, fields: &'static [FieldModel]) -> Self {
        Self { name, docs, fields }
    }
}

impl EventModel {
    /// Makes a model; the derives do.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        aliases: &'static [&'static str],
        type_name: &'static str,
        docs: &'static str,
        version: u32,
        oldest: u32,
        fields: &'static [FieldModel],
    ) -> Self {
        Self { name, aliases, type_name, docs, version, oldest, fields }
    }

    /// Whether the journal knows the event by `name`, today's or an older one.
    pub fn has_name(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

impl FieldModel {
    /// Makes a model; the derives do.
    #[doc(hidden)]
    pub const fn new(name: &'static str, ty: &'static str, docs: &'static str) -> Self {
        Self { name, ty, docs }
    }
}
