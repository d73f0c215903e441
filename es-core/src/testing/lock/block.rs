//! A block of the lock file: one version of an event, and what is written of it.

use std::fmt;

/// The shape of one event version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) key: Key,
    pub(super) layout: Layout,
    /// The types in it whose shapes are known, by name.
    pub(super) types: Vec<(String, Layout)>,
}

/// What a block is found by, and sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) aggregate: String,
    pub(super) event: String,
    pub(super) version: u32,
}

/// What is written of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// The serde attributes, as they are in the source.
    pub(super) serde: String,
    pub(super) content: Content,
}

/// The fields or variants of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// Neither.
    Unit,
    /// Fields with names.
    Named(Vec<Field>),
    /// Fields with numbers.
    Tuple(Vec<Field>),
    /// Variants.
    Enum(Vec<Variant>),
}

/// A field of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) serde: String,
}

/// A variant of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) layout: Layout,
}

impl Block {
    /// The lines of the type `name`, as they stand in a block.
    #[inline]
    pub(super) fn type_lines(name: &str, layout: &Layout) -> String {
        Lines { depth: 1, head: &format!("type {name}"), layout }.to_string()
    }
}

impl fmt::Display for Key {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} version {}", self.aggregate, self.event, self.version)
    }
}

/// The text in the file, each line with its end.
impl fmt::Display for Block {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Lines { depth: 0, head: &self.key.to_string(), layout: &self.layout })?;
        self.types.iter().try_for_each(|(name, layout)| f.write_str(&Self::type_lines(name, layout)))
    }
}

/// A line for what a layout belongs to, and below it the lines of its content.
struct Lines<'a> {
    depth: usize,
    head: &'a str,
    layout: &'a Layout,
}

impl fmt::Display for Lines<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { depth, head, layout: Layout { serde, content } } = *self;
        write!(f, "{:1$}{head}", "", depth * 2)?;
        match content {
            // What has nothing below it is written in one of three ways, and serde tells them apart.
            Content::Named(fields) if fields.is_empty() => f.write_str(" {}")?,
            Content::Tuple(fields) if fields.is_empty() => f.write_str(" ()")?,
            Content::Enum(variants) if variants.is_empty() => f.write_str(" enum")?,
            _ => {}
        }
        end(f, serde)?;
        let depth = depth + 1;
        match content {
            Content::Unit => Ok(()),
            Content::Named(fields) | Content::Tuple(fields) => fields.iter().try_for_each(|field| {
                write!(f, "{:1$}{field}", "", depth * 2)?;
                end(f, &field.serde)
            }),
            Content::Enum(variants) => variants
                .iter()
                .try_for_each(|Variant { name, layout }| write!(f, "{}", Lines { depth, head: name, layout })),
        }
    }
}

impl fmt::Display for Field {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)
    }
}

#[inline]
fn end(f: &mut fmt::Formatter<'_>, serde: &str) -> fmt::Result {
    match serde {
        "" => f.write_str("\n"),
        serde => writeln!(f, " {serde}"),
    }
}
