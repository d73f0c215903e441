//! The shapes of an aggregate's events as they are in the program.

use super::block::{Block, Content, Field, Key, Layout, Variant};
use crate::aggregate::Aggregate;
use crate::codec::{Codec as _, Json};
use crate::evolution::{self, FieldShape, NestedShape, TypeShape};
use crate::model::EventModel;

/// An aggregate, as the program has it.
pub(super) struct Today {
    pub(super) aggregate: &'static str,
    /// The path of its type.
    pub(super) path: &'static str,
    /// Whether the order of fields changes what is written: in JSON, where they have their names, it does not.
    pub(super) positional: bool,
    pub(super) events: Vec<EventToday>,
}

/// An event of it, current or retired.
pub(super) struct EventToday {
    pub(super) model: EventModel,
    /// The versions that the program reads, under the event's name of today.
    pub(super) versions: Vec<Block>,
}

impl Today {
    /// What the program knows of `A`.
    pub(super) fn of<A: Aggregate>() -> Self {
        let shapes = A::SHAPES.iter().copied().chain(std::iter::repeat(&[][..]));
        let events = A::MODEL.recorded_events().zip(shapes).map(|(model, shapes)| EventToday {
            model: *model,
            versions: shapes
                .iter()
                .map(|version| {
                    let key = Key { aggregate: A::NAME.into(), event: model.name.into(), version: version.version };
                    block(key, &version.shape)
                })
                .collect(),
        });
        let path = std::any::type_name::<A>();
        Self { aggregate: A::NAME, path, positional: A::Codec::FORMAT != Json::FORMAT, events: events.collect() }
    }
}

/// The block of a shape.
#[inline]
pub(super) fn block(key: Key, shape: &TypeShape) -> Block {
    let mut types = Vec::new();
    collect(shape.content, &mut types);
    types.sort_by(|(a, _), (b, _)| a.cmp(b));
    Block { key, layout: layout(shape), types }
}

/// Adds the types in `content` whose shapes are known, each once, however they refer to each other.
#[inline]
fn collect(content: evolution::Content, types: &mut Vec<(String, Layout)>) {
    match content {
        evolution::Content::Unit => {}
        evolution::Content::Named(fields) | evolution::Content::Tuple(fields) => {
            for nested in fields.iter().flat_map(|field| field.nested.iter().flatten()) {
                let NestedShape { name, shape } = nested();
                let found = (name.to_owned(), layout(&shape));
                if !types.contains(&found) {
                    types.push(found);
                    collect(shape.content, types);
                }
            }
        }
        evolution::Content::Enum(variants) => variants.iter().for_each(|variant| collect(variant.content, types)),
    }
}

#[inline]
fn layout(shape: &TypeShape) -> Layout {
    Layout { serde: line(shape.serde), content: content(shape.content) }
}

#[inline]
fn content(content: evolution::Content) -> Content {
    match content {
        evolution::Content::Unit => Content::Unit,
        evolution::Content::Named(fields) => Content::Named(fields.iter().map(field).collect()),
        evolution::Content::Tuple(fields) => Content::Tuple(fields.iter().map(field).collect()),
        evolution::Content::Enum(variants) => Content::Enum(
            variants
                .iter()
                .map(|variant| Variant {
                    name: variant.name.to_owned(),
                    layout: Layout { serde: line(variant.serde), content: self::content(variant.content) },
                })
                .collect(),
        ),
    }
}

#[inline]
fn field(field: &FieldShape) -> Field {
    Field { name: field.name.to_owned(), ty: line(field.ty), serde: line(field.serde) }
}

/// Source on one line.
#[inline]
fn line(source: &str) -> String {
    source.split_whitespace().collect::<Vec<_>>().join(" ")
}
