//! The publication as the user declared it, checked as far as one item can be.

use proc_macro2::{Ident, Span};
use syn::{LitStr, Path};

use super::attr::{Attributes, Options};
use crate::errors::Errors;
use crate::name;
use crate::projection::{Listed, single_events};

/// What it becomes.
const WHAT: &str = "a publication";

/// A checked publication. What is wrong was reported, and stands here as something that compiles.
pub(crate) struct Model {
    /// The path of es-core; `None` is `::es_core`.
    pub(crate) root: Option<Path>,
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) events: Vec<Listed>,
}

/// Checks what was read.
pub(crate) fn check(attributes: Attributes, errors: &Errors) -> Model {
    let Attributes { item, place, options, spoiled } = attributes;
    let Options { root, name, source, events } = options;
    let name = name::of(WHAT, name.get(), &item.ident, errors);
    let is_spoiled = |name: &str| spoiled.iter().any(|spoiled| spoiled.name == name);
    let source = source.get();
    let listed = events.get_spanned();
    match place {
        None => errors.at(
            item.ident.span(),
            "missing `#[publish(..)]`; write `#[publish(name = \"..\", source = \"https://..\", events(..))]`",
        ),
        Some(place) => {
            if source.is_none() && !is_spoiled("source") {
                errors.at(
                    place,
                    "missing `source`: what the events come from, as a URI; write `source = \"https://..\"`, or a path \
                     as \"/bank\"",
                );
            }
            if !is_spoiled("events") && listed.as_ref().is_none_or(|(_, events)| events.is_empty()) {
                let span = listed.as_ref().map_or(place, |(span, _)| *span);
                errors.at(span, "a publication without events says nothing; list what is published in `events(..)`");
            }
        }
    }
    for spoiled in spoiled {
        errors.push(spoiled.error);
    }
    Model {
        root: root.get(),
        name,
        source: source.map_or_else(String::new, |literal| checked_source(&literal, errors)),
        events: single_events(listed.map(|(_, events)| events).unwrap_or_default(), errors),
        ident: item.ident,
    }
}

fn checked_source(literal: &LitStr, errors: &Errors) -> String {
    let source = literal.value();
    let at = |span: Span, message: String| errors.at(span, message);
    if source.is_empty() {
        at(
            literal.span(),
            "`source` cannot be empty; write a URI as \"https://..\", or a path as \"/bank\"".to_owned(),
        );
    } else if let Some(why) = not_a_uri_reference(&source) {
        at(literal.span(), format!("`source` is a URI, or a path, and \"{source}\" is not: {why}"));
    }
    source
}

/// Why a text is not a URI-reference (RFC 3986, section 4.1).
fn not_a_uri_reference(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let allowed = |char: char| char.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(char);
    if let Some(char) = text.chars().find(|char| !allowed(*char)) {
        return Some(format!("{char:?} is to be written with `%`"));
    }
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    if (0..bytes.len()).any(|at| bytes[at] == b'%' && !(is_hex(at + 1) && is_hex(at + 2))) {
        return Some("after `%` come two hexadecimal digits".to_owned());
    }
    if text.matches('#').count() > 1 {
        return Some("it has more than one `#`".to_owned());
    }
    let first = text.split(['/', '?', '#']).next().unwrap_or_default();
    let (scheme, _) = first.split_once(':')?;
    let in_scheme = |char: char| char.is_ascii_alphanumeric() || "+-.".contains(char);
    let starts_well = scheme.starts_with(|char: char| char.is_ascii_alphabetic());
    (!(starts_well && scheme.chars().all(in_scheme)))
        .then(|| format!("what stands before the first `:` is a scheme, as `https`, and `{scheme}` is none"))
}

#[cfg(test)]
mod tests {
    use super::not_a_uri_reference;

    #[test]
    fn uri_references() {
        for text in ["https://bank.example/accounts", "/bank", "bank", "urn:uuid:1-2", "a%20b", "//host/a?b#c", "./a:b"]
        {
            assert_eq!(not_a_uri_reference(text), None, "{text}");
        }
        for text in ["a b", "1a:b", ":a", "a%2", "%zz", "a#b#c", "\u{e9}", "a\"b", "a\\b", "<a>"] {
            assert!(not_a_uri_reference(text).is_some(), "{text}");
        }
    }
}
