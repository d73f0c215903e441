//! The shape of a state: what a snapshot of it depends on.

use std::fmt::Write as _;

use super::shape::{Content, FieldShape, NestedShape, TypeShape};

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

/// A hash of what `own`, the hash of a state's own source, does not say: the shapes of the types in it, as far as they
/// are known.
pub fn with_nested(own: u64, state: &TypeShape) -> u64 {
    let mut known = Vec::new();
    collect(state.content, &mut known);
    known.iter().fold(own, |seed, text| hash(text.as_bytes(), seed))
}

/// Adds the types in `content` as text, each once, however they refer to each other.
fn collect(content: Content, known: &mut Vec<String>) {
    match content {
        Content::Unit => {}
        Content::Named(fields) | Content::Tuple(fields) => {
            for nested in fields.iter().filter_map(|field| field.nested) {
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
