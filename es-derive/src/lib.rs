//! The derives of `es-core`; use them from there.
//!
//! Each goes through the same stages: `attr` reads what the user wrote, `model` checks it, `expand` writes the
//! code. All mistakes of an item are reported together, at the user's tokens, and the code is written all
//! the same, so that one mistake is one error.

mod aggregate;
mod attr;
mod command;
mod errors;
mod event;
mod expand;
mod lock_file;
mod name;
mod projection;
mod publish;
mod reaction;
mod shape;
mod text;

use proc_macro::TokenStream;

/// Makes a struct or an enum an aggregate: writes the enums of its commands and events, and the dispatch to
/// its `Handle` and `Apply`.
///
/// In `#[aggregate(..)]` on it:
///
/// - `commands(A, B)`, `events(A, B)`: what it takes, and what it records. `A as Name` is another variant in the enum; an event
///   that changes nothing is `A(ignored)`.
/// - `error = Type`: why a command is rejected.
/// - `name = ".."`: what the journal knows it by; the name of the type in small letters, if nothing is said.
/// - `id = Type`: the type of its ids; `String`, if nothing is said.
/// - `retired(A, B)`: events that are not recorded any more, each with `impl Retire`.
/// - `snapshot(every = 100, keep = 1, version = 1)`: keeps its state beside its events, every so many.
/// - `codec = Type`: the format of its events and snapshots; JSON, if nothing is said.
/// - `command_enum = Name`, `event_enum = Name`: the enums; `AccountCommand` and `AccountEvent`, if nothing is said.
///   `derives(A, B)`: what they derive besides.
/// - `crate = path`: where es-core is.
///
/// On a field, `#[apply(Event => expression)]`: what it becomes by the event; `self` is the state before, `event` the event.
#[proc_macro_derive(Aggregate, attributes(aggregate, apply))]
pub fn derive_aggregate(input: TokenStream) -> TokenStream {
    aggregate::derive(input.into()).into()
}

/// Makes a struct or an enum a command.
#[proc_macro_derive(Command, attributes(command))]
pub fn derive_command(input: TokenStream) -> TokenStream {
    command::derive(input.into()).into()
}

/// Lets a type that stands in events take part in the schema lock: a change of what is written of it is noticed.
#[proc_macro_derive(Shape, attributes(shape))]
pub fn derive_shape(input: TokenStream) -> TokenStream {
    shape::derive::derive(input.into()).into()
}

/// Makes a struct or an enum an event, and says what it was before.
///
/// In `#[event(..)]` on it:
///
/// - `name = ".."`: what the journal knows it by; the name of the type, if nothing is said. `aliases("..")`: older names.
/// - `version = 3`: the version that is written; 1, if nothing is said.
/// - `previous = OldStruct`: the version before the oldest one here, an event of its own with the same name, and with a
///   `From` into what follows it. It may have a history too.
/// - `oldest = 2`: versions before are not read any more.
/// - `removed(field: Type, since = 3)`: a field that is gone. `after = other` or `before = other` says where it stood,
///   last if nothing is said; `added = 2` when it came, with `default = ..` for older events; `renamed(..)` and
///   `changed(..)` are as on fields.
/// - `crate = path`: where es-core is.
///
/// In `#[event(..)]` on a field, any number of:
///
/// - `added(default = expression, since = 2)`: older events get the expression's value.
/// - `renamed(from = old_name, since = 2)`
/// - `changed(from = OldType, with = function, since = 2)`: the function makes the new value of the old one.
///
/// `since` is the first version with the change. For each older version a struct is written, `DepositedV1`, with the event's
/// visibility, and a `From` for it into the next version and into the event of today. What is recorded is read
/// into the struct of its version, in any format, and lifted from there.
///
/// Older versions have the `#[serde(..)]` of today: on the struct, and on fields as long as they are the same. `rename` and
/// `alias` stay with the name of a field, `with`, `skip_serializing_if` and the like with its type. What a field had before
/// stands before its old name or type: `renamed(from = #[serde(rename = "ts")] time, since = 2)`. A version that had no
/// fields is a struct without braces, `struct ClosedV1;`, and reads what was written with them too.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    event::derive(input.into()).into()
}

/// Makes a struct a projection: dispatches each event to its `Project`, or all of them to `ProjectBatch`.
///
/// In `#[projection(..)]` on it:
///
/// - `events(A, B)`: what it projects. `A of Aggregate` where events of several aggregates have one type, `all of Aggregate` for all of one,
///   `A as Name` for another variant in the enum.
/// - `store = Type`: where its read model is; or `in_memory`, where it is the value itself.
/// - `name = ".."`: what its checkpoint is kept under; the name of the type in small letters, if nothing is said.
/// - `version = 2`: the next one has the read model made anew; 1, if nothing is said.
/// - `batch`: takes all events of a transaction at once, by `ProjectBatch`. `event_enum = Name` is the enum of them.
/// - `crate = path`: where es-core is.
#[proc_macro_derive(Projection, attributes(projection))]
pub fn derive_projection(input: TokenStream) -> TokenStream {
    projection::derive(input.into()).into()
}

/// Makes a struct a publication: dispatches each event to its `ToPublic`.
///
/// In `#[publish(..)]` on it: `events(A, B)`, as in a projection; `source = ".."`, that of its `CloudEvents`; `name = ".."`, what its outbox is kept
/// under, the name of the type in small letters if nothing is said; `crate = path`, where es-core is.
#[proc_macro_derive(Publish, attributes(publish))]
pub fn derive_publish(input: TokenStream) -> TokenStream {
    publish::derive(input.into()).into()
}

/// Makes a struct a reaction: dispatches each event to its `React`.
///
/// In `#[reaction(..)]` on it: `events(A, B)`, as in a projection; `sends_to(Aggregate)`, whose commands it sends; `name = ".."`, what its
/// checkpoint is kept under, the name of the type in small letters if nothing is said; `crate = path`, where es-core is.
#[proc_macro_derive(Reaction, attributes(reaction))]
pub fn derive_reaction(input: TokenStream) -> TokenStream {
    reaction::derive(input.into()).into()
}
