//! What a field says of its past: `added`, `renamed`, `changed`.

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, LitInt, Token, Type, parenthesized};

use super::{PLACE, expression};
use crate::attr::{ELSEWHERE, Known, Once, options, options_of, parse_value, serde, skip_value};
use crate::errors::Errors;
use crate::text;

const OPTIONS: &[Known] = &[
    ("added", "added(default = .., since = 2)"),
    ("renamed", "renamed(from = old_name, since = 2)"),
    ("changed", "changed(from = OldType, with = function, since = 2)"),
    ("removed", ELSEWHERE),
    ("name", ELSEWHERE),
    ("aliases", ELSEWHERE),
    ("version", ELSEWHERE),
    ("oldest", ELSEWHERE),
    ("previous", ELSEWHERE),
];

const ADDED: &[Known] = &[("default", "default = .."), ("since", "since = 2")];
const RENAMED: &[Known] = &[("from", "from = old_name"), ("since", "since = 2")];
const CHANGED: &[Known] = &[("from", "from = OldType"), ("with", "with = function"), ("since", "since = 2")];

/// What one field says of its past.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) added: Once<Added>,
    pub(crate) changes: Vec<Change>,
}

/// `since = 2`, and where the number stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Since {
    pub(crate) version: u32,
    pub(crate) span: Span,
}

/// `added(default = .., since = 2)`
#[derive(Clone)]
pub(crate) struct Added {
    pub(crate) since: Since,
    /// What older events get.
    pub(crate) default: TokenStream,
}

/// A change of a field that was there before.
pub(crate) struct Change {
    pub(crate) since: Since,
    pub(crate) what: What,
}

/// What changed.
pub(crate) enum What {
    Renamed(Renamed),
    Changed(Box<Changed>),
}

/// `renamed(from = old, since = 2)`
#[derive(Clone)]
pub(crate) struct Renamed {
    pub(crate) from: Ident,
    /// `#[serde(..)]` that the field had under its old name.
    pub(crate) serde: Vec<Attribute>,
}

/// `changed(from = OldType, with = function, since = 2)`
#[derive(Clone)]
pub(crate) struct Changed {
    pub(crate) from: Type,
    /// `#[serde(..)]` that the field had with its old type.
    pub(crate) serde: Vec<Attribute>,
    /// Where `with` stands.
    pub(crate) span: Span,
    pub(crate) with: TokenStream,
}

/// Reads one `#[event(..)]` of a field.
pub(super) fn read(attr: &Attribute, changes: &mut Changes, errors: &Errors) {
    let faults = options_of(attr, PLACE, OPTIONS, errors, &mut |name, span, input| {
        one(name, span, input, changes, errors).map(|_| ())
    });
    for fault in faults {
        errors.push(fault.error);
    }
}

/// Reads one option of a field, or of a removed one; gives whether it can be used.
pub(super) fn one(
    name: &'static str,
    span: Span,
    input: ParseStream<'_>,
    changes: &mut Changes,
    errors: &Errors,
) -> syn::Result<bool> {
    let read = match name {
        "added" => added(span, input, errors)?.map(|added| changes.added.set(name, span, added, errors)),
        "renamed" => renamed(span, input, errors)?.map(|change| changes.changes.push(change)),
        "changed" => changed(span, input, errors)?.map(|change| changes.changes.push(change)),
        "removed" => {
            skip_value(input);
            errors.at(
                span,
                "`removed` stands on the event, and the field is gone: `#[event(removed(field: Type, since = 2))]`",
            );
            None
        }
        _ => {
            skip_value(input);
            errors.at(span, format!("`{name}` stands on the event, not on a field of it"));
            None
        }
    };
    Ok(read.is_some())
}

fn added(span: Span, input: ParseStream<'_>, errors: &Errors) -> syn::Result<Option<Added>> {
    let (mut default, mut since) = (Once::default(), Once::default());
    let whole = group(input, "added(..)", ADDED, errors, &mut |name, span, input| {
        match name {
            "default" => default.set(name, span, expression::read(input, ADDED)?, errors),
            _ => since.set(name, span, self::since(input)?, errors),
        }
        Ok(())
    })?;
    if whole && default.peek().is_none() {
        errors.at(span, "missing `default`: what the field is in older events; write `default = ..`");
    }
    Ok(since_of(whole, since, span, errors).zip(default.get()).map(|(since, default)| Added { since, default }))
}

fn renamed(span: Span, input: ParseStream<'_>, errors: &Errors) -> syn::Result<Option<Change>> {
    let (mut from, mut since) = (Once::default(), Once::default());
    let whole = group(input, "renamed(..)", RENAMED, errors, &mut |name, span, input| {
        match name {
            "from" => {
                input.parse::<Token![=]>()?;
                let serde = serde_before(input)?;
                from.set(name, span, Renamed { from: self::name(input)?, serde }, errors);
            }
            _ => since.set(name, span, self::since(input)?, errors),
        }
        Ok(())
    })?;
    if whole && from.peek().is_none() {
        errors.at(span, "missing `from`: what the field was called before; write `from = old_name`");
    }
    let since = since_of(whole, since, span, errors);
    Ok(since.zip(from.get()).map(|(since, renamed)| Change { since, what: What::Renamed(renamed) }))
}

fn changed(span: Span, input: ParseStream<'_>, errors: &Errors) -> syn::Result<Option<Change>> {
    let (mut from, mut with, mut since) = (Once::default(), Once::default(), Once::default());
    let whole = group(input, "changed(..)", CHANGED, errors, &mut |name, span, input| {
        match name {
            "from" => {
                input.parse::<Token![=]>()?;
                from.set(name, span, (serde_before(input)?, input.parse::<Type>()?), errors);
            }
            "with" => with.set(name, span, expression::read(input, CHANGED)?, errors),
            _ => since.set(name, span, self::since(input)?, errors),
        }
        Ok(())
    })?;
    if whole && from.peek().is_none() {
        errors.at(span, "missing `from`: the type that the field had before; write `from = OldType`");
    } else if whole && with.peek().is_none() {
        errors.at(span, "missing `with`: what makes the new value of the old one; write `with = function`");
    }
    let since = since_of(whole, since, span, errors);
    Ok(since.zip(from.get()).zip(with.get_spanned()).map(|((since, (serde, from)), (span, with))| Change {
        since,
        what: What::Changed(Box::new(Changed { from, serde, span, with })),
    }))
}

/// Reads the options in parentheses; gives whether all of them can be used.
pub(super) fn group(
    input: ParseStream<'_>,
    place: &str,
    known: &[Known],
    errors: &Errors,
    read: &mut dyn FnMut(&'static str, Span, ParseStream<'_>) -> syn::Result<()>,
) -> syn::Result<bool> {
    let content;
    parenthesized!(content in input);
    let faults = options(&content, place, known, errors, read);
    let whole = faults.is_empty();
    for fault in faults {
        errors.push(fault.error);
    }
    Ok(whole)
}

/// The version of `since`, which must be there unless what is there cannot be read.
pub(super) fn since_of(whole: bool, since: Once<Since>, span: Span, errors: &Errors) -> Option<Since> {
    if whole && since.peek().is_none() {
        errors.at(span, "missing `since`: the first version that has the change; write `since = 2`");
    }
    since.get()
}

/// Reads `= 2`.
pub(super) fn since(input: ParseStream<'_>) -> syn::Result<Since> {
    let literal: LitInt = parse_value(input)?;
    let version = literal
        .base10_parse()
        .map_err(|_| syn::Error::new(literal.span(), format!("expected the number of a version, not `{literal}`")))?;
    Ok(Since { version, span: literal.span() })
}

/// Reads `#[serde(..)]` that stands before an old name or type.
pub(super) fn serde_before(input: ParseStream<'_>) -> syn::Result<Vec<Attribute>> {
    let attrs = Attribute::parse_outer(input)?;
    match attrs.iter().find(|attr| !attr.path().is_ident("serde")) {
        Some(other) => Err(syn::Error::new_spanned(other.path(), "only `#[serde(..)]` can stand here")),
        None => Ok(serde(&attrs)),
    }
}

/// Reads the name of a field; a keyword is one with `r#`.
pub(super) fn name(input: ParseStream<'_>) -> syn::Result<Ident> {
    let ident = input.call(Ident::parse_any)?;
    let plain = text::plain(&ident);
    if syn::parse_str::<Ident>(&plain).is_ok() {
        return Ok(ident);
    }
    match plain.as_str() {
        "_" | "self" | "Self" | "super" | "crate" => {
            Err(syn::Error::new(ident.span(), format!("`{plain}` names no field")))
        }
        _ => Ok(Ident::new_raw(&plain, ident.span())),
    }
}
