//! The shape of a state: what a snapshot of it depends on.

use std::fmt::Write as _;

use super::shape::{Content, FieldShape, NestedShape, TypeShape};
use crate::model::{AggregateModel, EventModel};

/// A hash of text: FNV-1a, 64 bits. Two texts that differ in one byte never have the same.
pub const fn hash(text: &[u8], seed: u64) -> u64 {
    let mut hash = seed;
    let mut at = 0;
    while at < text.len() {
        hash = (hash ^ text[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

/// What a [`hash`] begins with.
pub const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// A hash of `own`, that of a state's own source, and of what that does not say: the shapes of the types in it, as far
/// as they are known; and the events that lead to it, with their versions. An event that changed, an amount that is in
/// cents now, may give another state of the same shape.
pub fn state_hash(own: u64, state: &TypeShape, model: &AggregateModel) -> u64 {
    let mut known = Vec::new();
    collect(state.content, &mut known);
    let own = known.iter().fold(own, |seed, text| hash(text.as_bytes(), seed));
    let of = |event: &EventModel, kind| hash(format!("{kind} {} {}", event.name, event.version).as_bytes(), SEED);
    let current = model.events.iter().map(|event| of(event, "event"));
    let retired = model.retired.iter().map(|event| of(event, "retired"));
    // A sum, so that the order in which they are listed does not matter.
    let events = current.chain(retired).fold(0, u64::wrapping_add);
    hash(&events.to_be_bytes(), own)
}

/// Adds the types in `content` as text, each once, however they refer to each other.
fn collect(content: Content, known: &mut Vec<String>) {
    match content {
        Content::Unit => {}
        Content::Named(fields) | Content::Tuple(fields) => {
            for nested in fields.iter().flat_map(|field| field.nested.iter().flatten()) {
                let NestedShape { name, shape } = nested();
                let text = format!("; {name} {} {}", shape.serde, text(shape.content));
                if !known.contains(&text) {
                    known.push(text);
                    collect(shape.content, known);
                }
            }
        }
        Content::Enum(variants) => variants.iter().for_each(|variant| collect(variant.content, known)),
    }
}

fn text(content: Content) -> String {
    match content {
        Content::Unit => String::new(),
        Content::Named(fields) => format!("{{{}}}", texts(fields)),
        Content::Tuple(fields) => format!("({})", texts(fields)),
        Content::Enum(variants) => variants.iter().fold(String::new(), |mut all, variant| {
            // Writing to a text does not fail.
            let _ = write!(all, "{} {}{}|", variant.serde, variant.name, text(variant.content));
            all
        }),
    }
}

fn texts(fields: &[FieldShape]) -> String {
    fields.iter().fold(String::new(), |mut all, field| {
        let _ = write!(all, "{} {}: {}, ", field.serde, field.name, field.ty);
        all
    })
}
