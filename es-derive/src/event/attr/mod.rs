//! `#[event(..)]` on an event and on its fields, as it is written.

mod change;
mod expression;
mod removed;

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, LitInt, LitStr, Path, Token, Type, parenthesized};

pub(crate) use self::change::{Change, Changed, Changes, Renamed, Since, What};
pub(crate) use self::removed::{Head, Place, Removed};
use crate::attr::{ELSEWHERE, Item, Known, Once, options_of, parse_root, parse_value, skip_value};
use crate::errors::Errors;

const PLACE: &str = "#[event(..)]";

const OPTIONS: &[Known] = &[
    ("name", "name = \"..\""),
    ("aliases", "aliases(\"..\", \"..\")"),
    ("version", "version = 2"),
    ("oldest", "oldest = 2"),
    ("previous", "previous = OldStruct"),
    ("removed", removed::USAGE),
    ("crate", "crate = path"),
    ("added", ELSEWHERE),
    ("renamed", ELSEWHERE),
    ("changed", ELSEWHERE),
];

/// What stands on an event and on its fields.
pub(crate) struct Attributes {
    pub(crate) item: Item,
    pub(crate) options: Options,
    /// What the fields say of their past: as many as the struct has fields.
    pub(crate) changes: Vec<Changes>,
    /// How much of the history can be told.
    pub(crate) told: Told,
}

/// How much of a history can be told: what was not understood may be what something else misses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// All of it.
    Whole,
    /// Some changes are missing.
    Partly,
    /// The versions are missing that the changes are about.
    NoVersions,
}

/// `#[event(..)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) root: Once<Path>,
    pub(crate) name: Once<LitStr>,
    pub(crate) aliases: Once<Vec<LitStr>>,
    pub(crate) version: Once<LitInt>,
    pub(crate) oldest: Once<LitInt>,
    pub(crate) previous: Once<Type>,
    pub(crate) removed: Vec<Removed>,
}

/// Reads the item and its attributes.
pub(crate) fn read(input: TokenStream, errors: &Errors) -> Option<Attributes> {
    let input: DeriveInput = syn::parse2(input).map_err(|error| errors.push(error)).ok()?;
    let before = errors.len();
    let (mut given, mut versions) = (Options::default(), true);
    for attr in of_event(&input.attrs) {
        let faults = options_of(attr, PLACE, OPTIONS, errors, &mut |name, span, input| {
            match name {
                "name" => given.name.set(name, span, parse_value(input)?, errors),
                "aliases" => given.aliases.set(name, span, texts(input)?, errors),
                "version" => given.version.set(name, span, parse_value(input)?, errors),
                "oldest" => given.oldest.set(name, span, parse_value(input)?, errors),
                "previous" => given.previous.set(name, span, parse_value(input)?, errors),
                "removed" => given.removed.extend(removed::read(input, errors)?),
                "crate" => given.root.set(name, span, parse_root(input)?, errors),
                _ => {
                    skip_value(input);
                    errors.at(span, format!("`{name}` stands on the field that it is about: `#[event({name}(..))]`"));
                }
            }
            Ok(())
        });
        for fault in faults {
            versions &= !["version", "oldest", "previous"].contains(&fault.name);
            errors.push(fault.error);
        }
    }
    inside_an_enum(&input, errors);
    let item = Item::read(input, "an event", errors)?;
    let mut changes = Vec::new();
    for field in item.fields() {
        let mut of_field = Changes::default();
        for attr in of_event(&field.attrs) {
            change::read(attr, &mut of_field, errors);
        }
        changes.push(of_field);
    }
    let told = match versions {
        false => Told::NoVersions,
        true if errors.len() > before => Told::Partly,
        true => Told::Whole,
    };
    Some(Attributes { item, options: given, changes, told })
}

/// Reports each `#[event(..)]` on a variant, or on a field of one.
fn inside_an_enum(input: &DeriveInput, errors: &Errors) {
    let Data::Enum(data) = &input.data else { return };
    let message = "the history of an enum cannot be written on its variants; keep its older version as an enum of its \
                   own, with `From`, and write `#[event(version = .., previous = ..)]` on this one";
    let report = |attrs: &[Attribute]| {
        for attr in of_event(attrs) {
            errors.push(syn::Error::new_spanned(attr.path(), message));
        }
    };
    for variant in &data.variants {
        report(&variant.attrs);
        for field in &variant.fields {
            report(&field.attrs);
        }
    }
}

/// The `#[event(..)]` among `attrs`.
fn of_event(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("event"))
}

fn texts(input: ParseStream<'_>) -> syn::Result<Vec<LitStr>> {
    let content;
    parenthesized!(content in input);
    let parse = |input: ParseStream<'_>| input.parse::<LitStr>();
    Ok(Punctuated::<LitStr, Token![,]>::parse_terminated_with(&content, parse)?.into_iter().collect())
}
