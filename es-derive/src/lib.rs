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
mod projection;
mod publish;
mod reaction;
mod shape;
mod text;

use proc_macro::TokenStream;

/// Makes a struct or an enum an aggregate: writes the enums of its commands and events, and the dispatch to
/// its `Handle` and `Apply`.
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

/// Makes a struct or an enum an event.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    event::derive(input.into()).into()
}

/// Makes a struct a projection: dispatches each event to its `Project`, or all of them to `ProjectBatch`.
#[proc_macro_derive(Projection, attributes(projection))]
pub fn derive_projection(input: TokenStream) -> TokenStream {
    projection::derive(input.into()).into()
}

/// Makes a struct a publication: dispatches each event to its `ToPublic`.
#[proc_macro_derive(Publish, attributes(publish))]
pub fn derive_publish(input: TokenStream) -> TokenStream {
    publish::derive(input.into()).into()
}

/// Makes a struct a reaction: dispatches each event to its `React`.
#[proc_macro_derive(Reaction, attributes(reaction))]
pub fn derive_reaction(input: TokenStream) -> TokenStream {
    reaction::derive(input.into()).into()
}
