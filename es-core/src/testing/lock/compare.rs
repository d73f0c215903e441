//! What differs between a shape that is locked and the one in the program.

use super::block::{Block, Content, Field, Layout, Variant};

/// One difference, and where in the event it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// The nested type that it is in, if it is not in the event's own fields.
    pub(super) nested: Option<String>,
    /// The variant that it is in.
    pub(super) variant: Option<String>,
    pub(super) what: What,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A field has another type.
    Type { field: String, was: String, is: String },
    /// A field has other serde attributes.
    FieldSerde { field: String, was: String, is: String },
    /// A field is new.
    Added { field: Field },
    /// A field is gone.
    Removed { field: Field },
    /// A field is gone, and one of the same type is new.
    Renamed { from: Field, to: String },
    /// The fields stand in another order.
    Order { was: Vec<String>, is: Vec<String> },
    /// The type, or the variant, has other serde attributes.
    Serde { was: String, is: String },
    /// A struct became an enum, fields lost their names, and the like.
    Kind { was: &'static str, is: &'static str },
    /// A variant is new; `last` if no variant that is locked comes after it.
    VariantAdded { variant: String, last: bool },
    /// A variant is gone.
    VariantRemoved { variant: String },
    /// The shape of a nested type is not known any more.
    Unknown,
}

/// Compares a locked block with the version in the program. `positional` says whether the order of fields matters.
#[inline]
pub(super) fn compare(locked: &Block, now: &Block, positional: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    Comparison { nested: None, variant: None, positional, changes: &mut changes }.layouts(&locked.layout, &now.layout);
    let mut unknown = Vec::new();
    for known @ (name, layout) in locked.types.iter().filter(|known| !now.types.contains(known)) {
        match now.types.iter().find(|other| other.0 == *name && !locked.types.contains(other)) {
            Some((_, now)) => {
                Comparison { nested: Some(name), variant: None, positional, changes: &mut changes }
                    .layouts(layout, now);
            }
            None => unknown.push(Change { nested: Some(known.0.clone()), variant: None, what: What::Unknown }),
        }
    }
    // A type that no field names any more is part of the changes that took it away.
    if changes.is_empty() {
        changes = unknown;
    }
    changes
}

/// Whether a struct had no fields, with braces or without, and has none now, and nothing else differs.
#[inline]
pub(super) fn both_empty(locked: &Block, now: &Block) -> bool {
    let empty = |layout: &Layout| match &layout.content {
        Content::Unit => true,
        Content::Named(fields) | Content::Tuple(fields) => fields.is_empty(),
        Content::Enum(_) => false,
    };
    empty(&locked.layout) && empty(&now.layout) && same(&locked.layout.serde, &now.layout.serde)
}

/// The types that `now` knows the shapes of, and `locked` does not.
#[inline]
pub(super) fn new_types<'a>(locked: &Block, now: &'a Block) -> impl Iterator<Item = &'a (String, Layout)> {
    let is_known = |name: &str| locked.types.iter().any(|(known, _)| known == name);
    let known: Vec<bool> = now.types.iter().map(|(name, _)| is_known(name)).collect();
    now.types.iter().zip(known).filter_map(|(new, known)| (!known).then_some(new))
}

struct Comparison<'a> {
    nested: Option<&'a str>,
    variant: Option<&'a str>,
    positional: bool,
    changes: &'a mut Vec<Change>,
}

impl Comparison<'_> {
    #[inline]
    fn push(&mut self, what: What) {
        let (nested, variant) = (self.nested.map(str::to_owned), self.variant.map(str::to_owned));
        self.changes.push(Change { nested, variant, what });
    }

    #[inline]
    fn layouts(&mut self, was: &Layout, is: &Layout) {
        if !same(&was.serde, &is.serde) {
            self.push(What::Serde { was: was.serde.clone(), is: is.serde.clone() });
        }
        match (&was.content, &is.content) {
            (Content::Named(was), Content::Named(is)) | (Content::Tuple(was), Content::Tuple(is)) => {
                self.fields(was, is);
            }
            (Content::Enum(was), Content::Enum(is)) => self.variants(was, is),
            (Content::Unit, Content::Unit) => {}
            (was, is) => self.push(What::Kind { was: kind(was), is: kind(is) }),
        }
    }

    #[inline]
    fn fields(&mut self, was: &[Field], is: &[Field]) {
        let find = |fields: &[Field], name: &str| fields.iter().position(|field| field.name == name);
        let mut gone = Vec::new();
        for field in was {
            let Some(at) = find(is, &field.name) else {
                gone.push(field);
                continue;
            };
            let now = &is[at];
            if !same(&field.ty, &now.ty) {
                let (was, is) = (field.ty.clone(), now.ty.clone());
                self.push(What::Type { field: field.name.clone(), was, is });
            }
            if !same(&field.serde, &now.serde) {
                let (was, is) = (field.serde.clone(), now.serde.clone());
                self.push(What::FieldSerde { field: field.name.clone(), was, is });
            }
        }
        let mut new: Vec<&Field> = is.iter().filter(|field| find(was, &field.name).is_none()).collect();
        for field in gone {
            match new.iter().position(|new| same(&new.ty, &field.ty)) {
                Some(at) => {
                    let to = new.remove(at).name.clone();
                    self.push(What::Renamed { from: field.clone(), to });
                }
                None => self.push(What::Removed { field: field.clone() }),
            }
        }
        for field in new {
            self.push(What::Added { field: field.clone() });
        }
        let name = |field: &Field| field.name.clone();
        self.order(was.iter().map(name).collect(), is.iter().map(name).collect());
    }

    #[inline]
    fn variants(&mut self, was: &[Variant], is: &[Variant]) {
        let find = |variants: &[Variant], name: &str| variants.iter().position(|variant| variant.name == name);
        for Variant { name, layout } in was {
            match find(is, name) {
                None => self.push(What::VariantRemoved { variant: name.clone() }),
                Some(at) => Comparison { variant: Some(name), changes: &mut *self.changes, ..*self }
                    .layouts(layout, &is[at].layout),
            }
        }
        for (at, Variant { name, .. }) in
            is.iter().enumerate().filter(|(_, variant)| find(was, &variant.name).is_none())
        {
            let last = is[at..].iter().all(|later| find(was, &later.name).is_none());
            self.push(What::VariantAdded { variant: name.clone(), last });
        }
        let name = |variant: &Variant| variant.name.clone();
        self.order(was.iter().map(name).collect(), is.iter().map(name).collect());
    }

    /// Compares the order of what is in both.
    #[inline]
    fn order(&mut self, was: Vec<String>, is: Vec<String>) {
        let common = |names: &[String], others: &[String]| -> Vec<String> {
            names.iter().filter(|name| others.contains(name)).cloned().collect()
        };
        let (was, is) = (common(&was, &is), common(&is, &was));
        if self.positional && was != is {
            self.push(What::Order { was, is });
        }
    }
}

#[inline]
fn kind(content: &Content) -> &'static str {
    match content {
        Content::Unit => "without fields",
        Content::Named(_) => "with named fields",
        Content::Tuple(_) => "with fields without names",
        Content::Enum(_) => "an enum",
    }
}

/// Whether two pieces of source are the same but for spaces.
#[inline]
fn same(a: &str, b: &str) -> bool {
    let code = |char: &char| !char.is_whitespace();
    a.chars().filter(code).eq(b.chars().filter(code))
}
