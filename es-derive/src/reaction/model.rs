//! The reaction as the user declared it, checked as far as one item can be.

use proc_macro2::{Ident, Span};
use syn::Path;

use super::attr::{Attributes, Options};
use crate::errors::Errors;
use crate::name;
use crate::projection::{Listed, same_path, single_events, source};

/// A checked reaction. What is wrong was reported, and stands here as something that compiles.
pub(crate) struct Model {
    /// The path of es-core; `None` is `::es_core`.
    pub(crate) root: Option<Path>,
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) events: Vec<Listed>,
    /// The aggregates that it sends commands to.
    pub(crate) sends_to: Vec<Path>,
}

/// Checks what was read.
pub(crate) fn check(attributes: Attributes, errors: &Errors) -> Model {
    let Attributes { item, place, options, spoiled } = attributes;
    let Options { root, name, events, sends_to } = options;
    let name = name::of("a reaction", name.get(), &item.ident, errors);
    let is_spoiled = spoiled.iter().any(|spoiled| spoiled.name == "events");
    let listed = events.get_spanned();
    if place.is_none() {
        let help = "write `#[reaction(name = \"..\", events(..), sends_to(..))]`";
        errors.at(item.ident.span(), format!("missing `#[reaction(..)]`; {help}"));
    } else if !is_spoiled && listed.as_ref().is_none_or(|(_, events)| events.is_empty()) {
        let span = listed.as_ref().map(|(span, _)| *span).or(place).unwrap_or_else(|| item.ident.span());
        errors.at(span, "a reaction without events does nothing; list what it reacts to in `events(..)`");
    }
    for spoiled in spoiled {
        errors.push(spoiled.error);
    }
    let events = listed.map(|(_, events)| events).unwrap_or_default();
    Model {
        root: root.get(),
        name,
        events: single_events(events, errors),
        sends_to: checked_aggregates(sends_to.get().unwrap_or_default(), errors),
        ident: item.ident,
    }
}

/// The aggregates: none twice.
fn checked_aggregates(paths: Vec<Path>, errors: &Errors) -> Vec<Path> {
    let mut checked: Vec<Path> = Vec::new();
    for path in paths {
        if checked.iter().any(|other| same_path(other, &path)) {
            let message = format!("aggregate `{}` is listed twice in `sends_to(..)`; list it once", source(&path));
            errors.at(span_of(&path), message);
        } else {
            checked.push(path);
        }
    }
    checked
}

/// The token to point at.
pub(crate) fn span_of(path: &Path) -> Span {
    path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span())
}
