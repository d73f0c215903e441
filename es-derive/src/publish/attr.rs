//! `#[publish(..)]`, as it is written.

use proc_macro2::{Span, TokenStream};
use syn::parse::ParseStream;
use syn::{Attribute, DeriveInput, LitStr, Path};

use crate::attr::{Item, Known, Once, Spoiled, misplaced, options_of, parse_root, parse_value};
use crate::errors::Errors;
use crate::projection::{Entry, entries};

const PLACE: &str = "#[publish(..)]";

const OPTIONS: &[Known] = &[
    ("name", "name = \"..\""),
    ("source", "source = \"https://..\""),
    ("events", "events(A, B)"),
    ("crate", "crate = path"),
];

/// What stands on the publication.
pub(crate) struct Attributes {
    pub(crate) item: Item,
    /// Where `#[publish(..)]` stands; the first, if there are several.
    pub(crate) place: Option<Span>,
    pub(crate) options: Options,
    /// The options that are there, but cannot be read.
    pub(crate) spoiled: Vec<Spoiled>,
}

/// `#[publish(..)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) root: Once<Path>,
    pub(crate) name: Once<LitStr>,
    pub(crate) source: Once<LitStr>,
    pub(crate) events: Once<Vec<Entry>>,
}

/// Reads the item and its attributes.
pub(crate) fn read(input: TokenStream, errors: &Errors) -> Option<Attributes> {
    let input: DeriveInput = syn::parse2(input).map_err(|error| errors.push(error)).ok()?;
    misplaced(&input, "publish", "", errors);
    let attrs: Vec<Attribute> = input.attrs.iter().filter(|attr| attr.path().is_ident("publish")).cloned().collect();
    let item = Item::read(input, "a publication", errors)?;
    let mut attributes = Attributes {
        item,
        place: attrs.first().and_then(|attr| attr.path().get_ident()).map(proc_macro2::Ident::span),
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
            "source" => self.source.set(name, span, parse_value(input)?, errors),
            "events" => self.events.set(name, span, entries(input, errors)?, errors),
            _ => self.root.set(name, span, parse_root(input)?, errors),
        }
        Ok(())
    }
}
