//! A field that is gone: `removed(field: Type, since = 2)`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::{Attribute, Token, Type, Visibility, parenthesized};

use super::change::{self, Change, Changes, Since, since, since_of};
use super::expression;
use crate::attr::{Known, Once, options};
use crate::errors::Errors;

pub(super) const USAGE: &str = "removed(field: Type, since = 2)";

const OPTIONS: &[Known] = &[
    ("since", "since = 2"),
    ("added", "added = 2"),
    ("default", "default = .."),
    ("after", "after = field"),
    ("before", "before = field"),
    ("renamed", "renamed(from = old_name, since = 2)"),
    ("changed", "changed(from = OldType, with = function, since = 2)"),
];

/// A field that is gone, with its past.
pub(crate) struct Removed {
    pub(crate) head: Head,
    /// The first version without it.
    pub(crate) since: Since,
    /// The first version with it, if it was not there from the start.
    pub(crate) added: Option<Since>,
    /// What it is in events that are older than the field; its type's `Default`, if there is none.
    pub(crate) default: Option<TokenStream>,
    /// Where it stood; last, if nothing is said.
    pub(crate) place: Option<Place>,
    pub(crate) changes: Vec<Change>,
}

/// A field as it is declared.
pub(crate) struct Head {
    /// `#[serde(..)]` and docs.
    pub(crate) attrs: Vec<Attribute>,
    /// The visibility, if it is written.
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

/// Where a removed field stood.
#[derive(Clone)]
pub(crate) enum Place {
    After(Ident),
    Before(Ident),
}

/// Reads `(field: Type, ..)`; `None` if a part of it cannot be read.
pub(super) fn read(input: ParseStream<'_>, errors: &Errors) -> syn::Result<Option<Removed>> {
    let content;
    parenthesized!(content in input);
    let head = match Head::read(&content) {
        Ok(head) => head,
        Err(error) => {
            errors.at(error.span(), format!("{error}; `removed` is written `{USAGE}`"));
            skip_all(&content);
            return Ok(None);
        }
    };
    let mut given = Given::default();
    let mut read = |name: &'static str, span, input: ParseStream<'_>| given.read(name, span, input, errors);
    let faults = options(&content, "removed(..)", OPTIONS, errors, &mut read);
    let whole = faults.is_empty() && !given.spoiled;
    for fault in faults {
        errors.push(fault.error);
    }
    let Given { since, added, default, place, changes, .. } = given;
    let since = since_of(whole, since, head.ident.span(), errors);
    Ok(since.filter(|_| whole).map(|since| Removed {
        head,
        since,
        added: added.get(),
        default: default.get(),
        place: place.get(),
        changes: changes.changes,
    }))
}

impl Head {
    fn read(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = Attribute::parse_outer(input)?;
        if let Some(other) = attrs.iter().find(|attr| !attr.path().is_ident("serde") && !attr.path().is_ident("doc")) {
            let message = "only `#[serde(..)]` and a doc comment can stand on it";
            return Err(syn::Error::new_spanned(other.path(), message));
        }
        let vis = input.parse()?;
        let ident = change::name(input)?;
        input.parse::<Token![:]>()?;
        let ty = input.parse()?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        Ok(Self { attrs, vis, ident, ty })
    }
}

/// Leaves nothing for others to report.
fn skip_all(input: ParseStream<'_>) {
    while input.parse::<TokenTree>().is_ok() {}
}

/// The options behind the field.
#[derive(Default)]
struct Given {
    since: Once<Since>,
    added: Once<Since>,
    default: Once<TokenStream>,
    place: Once<Place>,
    changes: Changes,
    spoiled: bool,
}

impl Given {
    fn read(&mut self, name: &'static str, span: Span, input: ParseStream<'_>, errors: &Errors) -> syn::Result<()> {
        match name {
            "since" => self.since.set(name, span, since(input)?, errors),
            "added" => self.added.set(name, span, since(input)?, errors),
            "default" => self.default.set(name, span, expression::read(input, OPTIONS)?, errors),
            "after" => self.place.set(name, span, Place::After(field(input)?), errors),
            "before" => self.place.set(name, span, Place::Before(field(input)?), errors),
            _ => self.spoiled |= !change::one(name, span, input, &mut self.changes, errors)?,
        }
        Ok(())
    }
}

/// Reads `= field`.
fn field(input: ParseStream<'_>) -> syn::Result<Ident> {
    input.parse::<Token![=]>()?;
    change::name(input)
}
