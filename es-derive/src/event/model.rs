//! The event as the user declared it, checked as far as one item can be.

use proc_macro2::{Ident, Span};
use syn::{Attribute, LitInt, Path, Visibility};

use super::attr::{Attributes, Options, Since, Told};
use super::history::{Declared, History, history};
use crate::attr::Body;
use crate::errors::Errors;
use crate::text;

/// A checked event.
pub(crate) struct Model {
    /// The path of es-core; `None` is `::es_core`.
    pub(crate) root: Option<Path>,
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) docs: String,
    pub(crate) body: Body,
    /// The event's own `#[serde(..)]`.
    pub(crate) serde: Vec<Attribute>,
    /// The name in the journal.
    pub(crate) name: String,
    /// Other names in the journal that are read as this event.
    pub(crate) aliases: Vec<String>,
    pub(crate) version: u32,
    /// The older versions; `None` if there are mistakes in what is said of them.
    pub(crate) history: Option<History>,
}

/// Checks what was read.
pub(crate) fn check(attributes: Attributes, errors: &Errors) -> Model {
    let Attributes { item, options, changes, told } = attributes;
    let Options { root, name, aliases, version, oldest, previous, removed } = options;
    let name = match name.get() {
        Some(literal) => checked_name(literal.value(), literal.span(), errors),
        None => checked_name(text::plain(&item.ident), item.ident.span(), errors),
    };
    let mut names = vec![name.clone()];
    for literal in aliases.get().unwrap_or_default() {
        let alias = checked_name(literal.value(), literal.span(), errors);
        if alias == name {
            errors.at(literal.span(), format!("`{alias}` is the event's name; an alias is another one"));
        } else if names.contains(&alias) {
            errors.at(literal.span(), format!("the alias `{alias}` is given twice; keep one"));
        } else {
            names.push(alias);
        }
    }
    let before = errors.len();
    let first = Since { version: 1, span: item.ident.span() };
    let version = version.get().and_then(|literal| number(&literal, "version", errors)).unwrap_or(first);
    let oldest = oldest.get().and_then(|literal| number(&literal, "oldest", errors));
    let versions = told != Told::NoVersions && errors.len() == before;
    let declared = Declared { version, oldest, previous: previous.get(), removed, changes, whole: told == Told::Whole };
    let history = if versions { history(&item, declared, errors) } else { None };
    Model {
        root: root.get(),
        ident: item.ident,
        vis: item.vis,
        docs: item.docs,
        body: item.body,
        serde: item.serde,
        name,
        aliases: names.split_off(1),
        version: version.version,
        history,
    }
}

/// Reads the number of a version, and reports one that there is not.
fn number(literal: &LitInt, option: &str, errors: &Errors) -> Option<Since> {
    let version = literal.base10_parse().ok().filter(|version| *version > 0);
    if version.is_none() {
        errors.at(literal.span(), format!("`{option}` is a number of at least 1, not `{literal}`"));
    }
    version.map(|version| Since { version, span: literal.span() })
}

/// Reports a name that the journal does not take.
fn checked_name(name: String, span: Span, errors: &Errors) -> String {
    if name.is_empty() {
        errors.at(span, "the name of an event cannot be empty");
    } else if name.chars().any(char::is_control) {
        errors.at(span, "the name of an event cannot have control characters");
    } else if name.len() > 255 {
        errors.at(span, format!("the name has {} bytes, but an event's has 255 at most", name.len()));
    }
    name
}
