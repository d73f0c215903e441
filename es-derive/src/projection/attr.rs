//! `#[projection(..)]`, as it is written.

use proc_macro2::{Ident, Span, TokenStream};
use syn::parse::ParseStream;
use syn::{Attribute, DeriveInput, LitInt, LitStr, Path, Token, Type, parenthesized};

use crate::attr::{Item, Known, Once, Spoiled, misplaced, options_of, parse_root, parse_value, skip_comma};
use crate::errors::Errors;

const PLACE: &str = "#[projection(..)]";

const OPTIONS: &[Known] = &[
    ("name", "name = \"..\""),
    ("version", "version = 1"),
    ("store", "store = Type"),
    ("in_memory", "in_memory"),
    ("events", "events(A, B)"),
    ("batch", "batch"),
    ("event_enum", "event_enum = Name"),
    ("crate", "crate = path"),
];

/// What stands on the projection.
pub(crate) struct Attributes {
    pub(crate) item: Item,
    /// Where `#[projection(..)]` stands; the first, if there are several.
    pub(crate) place: Option<Span>,
    pub(crate) options: Options,
    /// The options that are there, but cannot be read.
    pub(crate) spoiled: Vec<Spoiled>,
}

/// `#[projection(..)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) root: Once<Path>,
    pub(crate) name: Once<LitStr>,
    pub(crate) version: Once<LitInt>,
    pub(crate) store: Once<Type>,
    pub(crate) in_memory: Once<()>,
    pub(crate) events: Once<Vec<Entry>>,
    pub(crate) batch: Once<()>,
    pub(crate) event_enum: Once<Ident>,
}

/// An event in the list: `path`, `path as Name`, `path of Aggregate`. Or all events of an aggregate: `all of Aggregate`.
pub(crate) struct Entry {
    /// `#[cfg(..)]`.
    pub(crate) cfg: Vec<Attribute>,
    /// The event, or the aggregate whose events are all meant.
    pub(crate) path: Path,
    pub(crate) all: bool,
    pub(crate) rename: Option<Ident>,
    pub(crate) aggregate: Option<Path>,
}

/// Reads the item and its attributes.
pub(crate) fn read(input: TokenStream, errors: &Errors) -> Option<Attributes> {
    let input: DeriveInput = syn::parse2(input).map_err(|error| errors.push(error)).ok()?;
    misplaced(&input, "projection", "", errors);
    let attrs: Vec<Attribute> = input.attrs.iter().filter(|attr| attr.path().is_ident("projection")).cloned().collect();
    let item = Item::read(input, "a projection", errors)?;
    let mut attributes = Attributes {
        item,
        place: attrs.first().and_then(|attr| attr.path().get_ident()).map(Ident::span),
        options: Options::default(),
        spoiled: Vec::new(),
    };
    for attr in attrs {
        let given = &mut attributes.options;
        let spoiled =
            options_of(&attr, PLACE, OPTIONS, errors, &mut |name, span, input| given.read(name, span, input, errors));
        attributes.spoiled.extend(spoiled);
    }
    Some(attributes)
}

impl Options {
    fn read(&mut self, name: &str, span: Span, input: ParseStream<'_>, errors: &Errors) -> syn::Result<()> {
        match name {
            "name" => self.name.set(name, span, parse_value(input)?, errors),
            "version" => self.version.set(name, span, parse_value(input)?, errors),
            "store" => self.store.set(name, span, parse_value(input)?, errors),
            "in_memory" => self.in_memory.set(name, span, (), errors),
            "events" => self.events.set(name, span, entries(input, errors)?, errors),
            "batch" => self.batch.set(name, span, (), errors),
            "event_enum" => self.event_enum.set(name, span, parse_value(input)?, errors),
            _ => self.root.set(name, span, parse_root(input)?, errors),
        }
        Ok(())
    }
}

/// Reads `(A, b::B as C, D of Account)`. An entry that cannot be read is reported, and the others are kept.
pub(crate) fn entries(input: ParseStream<'_>, errors: &Errors) -> syn::Result<Vec<Entry>> {
    let content;
    parenthesized!(content in input);
    let mut entries = Vec::new();
    while !content.is_empty() {
        match entry(&content) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                let usage = "an event is written `Event`, `module::Event as Name` or `Event of Aggregate`";
                errors.at(error.span(), format!("{error}; {usage}"));
            }
        }
        skip_comma(&content);
    }
    Ok(entries)
}

fn entry(input: ParseStream<'_>) -> syn::Result<Entry> {
    let cfg = Attribute::parse_outer(input)?;
    if let Some(other) = cfg.iter().find(|attr| !attr.path().is_ident("cfg")) {
        return Err(syn::Error::new_spanned(other.path(), "only `#[cfg(..)]` can stand on an event"));
    }
    let path = input.call(Path::parse_mod_style)?;
    let mut rename = renamed(input)?;
    let mut aggregate = None;
    if input.peek(syn::Ident) {
        let of: Ident = input.parse()?;
        if of != "of" {
            return Err(syn::Error::new(of.span(), format!("unknown word `{of}`")));
        }
        aggregate = Some(input.call(Path::parse_mod_style)?);
        rename = rename.map_or_else(|| renamed(input), |rename| Ok(Some(rename)))?;
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(input.error("expected `,`"));
    }
    Ok(match aggregate {
        Some(aggregate) if path.is_ident("all") => Entry { cfg, path: aggregate, all: true, rename, aggregate: None },
        aggregate => Entry { cfg, path, all: false, rename, aggregate },
    })
}

/// `as Name`, where it is there.
fn renamed(input: ParseStream<'_>) -> syn::Result<Option<Ident>> {
    if !input.peek(Token![as]) {
        return Ok(None);
    }
    input.parse::<Token![as]>()?;
    input.parse().map(Some)
}
