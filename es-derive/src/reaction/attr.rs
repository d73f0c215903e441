//! `#[reaction(..)]`, as it is written.

use proc_macro2::{Span, TokenStream};
use syn::parse::ParseStream;
use syn::{Attribute, DeriveInput, LitStr, Path, parenthesized};

use crate::attr::{Item, Known, Once, Spoiled, misplaced, options_of, parse_root, parse_value, skip_comma, skip_value};
use crate::errors::Errors;
use crate::projection::{Entry, entries};

const PLACE: &str = "#[reaction(..)]";

const OPTIONS: &[Known] = &[
    ("name", "name = \"..\""),
    ("events", "events(A, B)"),
    ("sends_to", "sends_to(A, B)"),
    ("store", "nothing at all"),
    ("crate", "crate = path"),
];

/// What stands on the reaction.
pub(crate) struct Attributes {
    pub(crate) item: Item,
    /// Where `#[reaction(..)]` stands; the first, if there are several.
    pub(crate) place: Option<Span>,
    pub(crate) options: Options,
    /// The options that are there, but cannot be read.
    pub(crate) spoiled: Vec<Spoiled>,
}

/// `#[reaction(..)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) root: Once<Path>,
    pub(crate) name: Once<LitStr>,
    pub(crate) events: Once<Vec<Entry>>,
    pub(crate) sends_to: Once<Vec<Path>>,
}

/// Reads the item and its attributes.
pub(crate) fn read(input: TokenStream, errors: &Errors) -> Option<Attributes> {
    let input: DeriveInput = syn::parse2(input).map_err(|error| errors.push(error)).ok()?;
    misplaced(&input, "reaction", "", errors);
    let attrs: Vec<Attribute> = input.attrs.iter().filter(|attr| attr.path().is_ident("reaction")).cloned().collect();
    let item = Item::read(input, "a reaction", errors)?;
    let mut attributes = Attributes {
        item,
        place: attrs.first().and_then(|attr| attr.path().get_ident()).map(syn::Ident::span),
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
            "events" => self.events.set(name, span, entries(input, errors)?, errors),
            "sends_to" => self.sends_to.set(name, span, aggregates(input, errors)?, errors),
            "store" => {
                let help = "the store of its checkpoint is given to the `Reactor` that runs it; take `store` away";
                errors.at(span, format!("a reaction names no store: {help}"));
                skip_value(input);
            }
            _ => self.root.set(name, span, parse_root(input)?, errors),
        }
        Ok(())
    }
}

/// Reads `(A, b::B)`. One that cannot be read is reported, and the others are kept.
fn aggregates(input: ParseStream<'_>, errors: &Errors) -> syn::Result<Vec<Path>> {
    let content;
    parenthesized!(content in input);
    let mut paths = Vec::new();
    while !content.is_empty() {
        match content.call(Path::parse_mod_style) {
            Ok(path) => paths.push(path),
            Err(error) => errors.at(error.span(), format!("{error}; an aggregate is written `Account`")),
        }
        skip_comma(&content);
    }
    Ok(paths)
}
