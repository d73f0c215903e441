//! The projection as the user declared it, checked as far as one item can be.

use proc_macro2::{Ident, Span};
use quote::{ToTokens as _, format_ident};
use syn::{Attribute, LitInt, Path, Type, Visibility};

use super::attr::{Attributes, Entry, Options};
use crate::errors::Errors;
use crate::{name, text};

/// A checked projection. What is wrong was reported, and stands here as something that compiles.
pub(crate) struct Model {
    /// The path of es-core; `None` is `::es_core`.
    pub(crate) root: Option<Path>,
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) place: Place,
    pub(crate) events: Vec<Listed>,
    pub(crate) batch: Option<Batch>,
}

/// Where the read model is.
pub(crate) enum Place {
    Store(Box<Type>),
    InMemory,
    /// Nowhere: the mistake, not reported yet.
    Missing(syn::Error),
}

/// An event of the projection.
pub(crate) struct Listed {
    pub(crate) cfg: Vec<Attribute>,
    /// The `#[cfg(..)]` of the entries of the same type that follow.
    pub(crate) cfg_again: Vec<Vec<Attribute>>,
    /// The event, or the aggregate whose events are all meant.
    pub(crate) path: Path,
    pub(crate) all: bool,
    /// What the type is called in the generated impls.
    pub(crate) alias: String,
    /// The variant in the enum of a batch.
    pub(crate) variant: Ident,
    /// The aggregate, where the event has several.
    pub(crate) aggregate: Option<Path>,
    /// Whether the same type is listed before, of another aggregate.
    pub(crate) again: bool,
}

/// The option `batch`.
pub(crate) struct Batch {
    /// Where it stands.
    pub(crate) span: Span,
    /// The name of the generated enum, or the mistake that stands for it: not reported yet. `None` where the enum of the
    /// one aggregate, whose events are all meant, will do.
    pub(crate) event_enum: Option<Result<Ident, syn::Error>>,
}

impl Listed {
    /// The token to point at.
    pub(crate) fn span(&self) -> Span {
        self.path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span())
    }
}

/// Checks what was read.
pub(crate) fn check(attributes: Attributes, errors: &Errors) -> Model {
    let Attributes { item, place: attribute, options, mut spoiled } = attributes;
    let Options { root, name, version, store, in_memory, events, batch, event_enum } = options;
    let name = name::of("a projection", name.get(), &item.ident, errors);
    let spoiled_store = spoiled.iter().position(|spoiled| spoiled.name == "store").map(|at| spoiled.remove(at).error);
    let place = match (store.get(), in_memory.get_spanned(), spoiled_store) {
        (Some(store), None, _) => Place::Store(Box::new(store)),
        (None, Some(_), None) => Place::InMemory,
        (_, Some((span, ())), _) => {
            errors.at(span, "a read model is in a `store` or `in_memory`; take one of them away");
            Place::InMemory
        }
        (None, None, Some(error)) => Place::Missing(error),
        (None, None, None) => Place::Missing(no_place(attribute, &item.ident)),
    };
    let is_spoiled = spoiled.iter().any(|spoiled| spoiled.name == "events");
    let listed = events.get_spanned();
    if attribute.is_some() && !is_spoiled && listed.as_ref().is_none_or(|(_, events)| events.is_empty()) {
        let span = listed.as_ref().map(|(span, _)| *span).or(attribute).unwrap_or_else(|| item.ident.span());
        errors.at(span, "a projection without events shows nothing; list what it is made of in `events(..)`");
    }
    let event_enum = event_enum.get_spanned();
    let batch = match (batch.get_spanned(), event_enum) {
        (None, None) => None,
        (Some((span, ())), event_enum) => {
            let one_aggregate = listed.as_ref().is_some_and(|(_, events)| matches!(&events[..], [event] if event.all));
            let by_default = (!one_aggregate).then(|| format_ident!("{}Event", item.ident));
            let event_enum = event_enum.map(|(_, ident)| ident).or(by_default);
            let paths = || listed.iter().flat_map(|(_, events)| events).map(|event| &event.path);
            let event_enum = event_enum.map(|name| name::of_enum(&name, paths(), &item.ident, "event"));
            Some(Batch { span, event_enum })
        }
        (None, Some((span, _))) => {
            errors.at(span, "`event_enum` names the events of a batch; add `batch`, or take it away");
            None
        }
    };
    for spoiled in spoiled {
        errors.push(spoiled.error);
    }
    let events = listed.map(|(_, events)| events).unwrap_or_default();
    Model {
        root: root.get(),
        name,
        version: version.get().map_or(1, |literal| checked_version(&literal, errors)),
        place,
        events: checked_events(events, batch.is_some(), errors),
        batch,
        ident: item.ident,
        vis: item.vis,
    }
}

fn no_place(attribute: Option<Span>, ident: &Ident) -> syn::Error {
    match attribute {
        Some(place) => syn::Error::new(
            place,
            "missing `store`: where the read model is; write `store = SqliteStore`, or `in_memory` for a view that is \
             a value of the program",
        ),
        None => syn::Error::new(
            ident.span(),
            "missing `#[projection(..)]`; write `#[projection(name = \"..\", store = .., events(..))]`",
        ),
    }
}

fn checked_version(literal: &LitInt, errors: &Errors) -> u32 {
    match literal.base10_parse::<u32>() {
        Ok(version) if version > 0 => version,
        _ => {
            errors.at(literal.span(), format!("`version` is a number of at least 1, not `{literal}`"));
            1
        }
    }
}

/// The events of something that lists each by itself: none twice, and no `all of Aggregate`.
pub(crate) fn single_events(mut entries: Vec<Entry>, errors: &Errors) -> Vec<Listed> {
    entries.retain(|entry| {
        if entry.all {
            let path = source(&entry.path);
            let span = entry.path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span());
            errors.at(span, format!("`all of {path}` is for projections; list each event of it that is meant"));
        }
        !entry.all
    });
    checked_events(entries, false, errors)
}

/// The events: none twice, and of a batch no two of one variant.
fn checked_events(entries: Vec<Entry>, batch: bool, errors: &Errors) -> Vec<Listed> {
    let mut events: Vec<Listed> = Vec::new();
    for entry in entries {
        let Some(segment) = entry.path.segments.last() else { continue };
        let is_same = |other: &&Listed| other.all == entry.all && same_path(&other.path, &entry.path);
        let same: Vec<&Listed> = events.iter().filter(is_same).collect();
        // One type may be an event of several aggregates, each of which is named then.
        let twice = same.iter().any(|other| match (&other.aggregate, &entry.aggregate) {
            (Some(other), Some(this)) => same_path(other, this),
            _ => true,
        });
        let first = same.first().map(|other| other.variant.clone());
        let event = Listed {
            again: first.is_some(),
            variant: first.or(entry.rename).unwrap_or_else(|| segment.ident.clone()),
            alias: format!("__Event{}", events.len()),
            cfg: entry.cfg,
            cfg_again: Vec::new(),
            path: entry.path,
            all: entry.all,
            aggregate: entry.aggregate,
        };
        if twice {
            let path = source(&event.path);
            let what = if event.all { "`all of ".to_owned() + &path } else { "event `".to_owned() + &path };
            errors.at(event.span(), format!("{what}` is listed twice in `events(..)`; list it once"));
        } else if batch && !event.again && events.iter().any(|other| is_one_variant(other, &event)) {
            let (path, variant) = (source(&event.path), &event.variant);
            let help = format!("give one another name: `{path} as Other{variant}`");
            errors.at(variant.span(), format!("two variants would be called `{variant}`; {help}"));
        } else {
            let is_first =
                |other: &&mut Listed| !other.again && other.all == event.all && same_path(&other.path, &event.path);
            if let Some(first) = events.iter_mut().find(is_first) {
                first.cfg_again.push(event.cfg.clone());
            }
            events.push(event);
        }
    }
    events
}

/// Whether two types are one variant. Where each has a `#[cfg(..)]`, only the compiler knows whether they are there together.
fn is_one_variant(one: &Listed, other: &Listed) -> bool {
    one.variant == other.variant && (one.cfg.is_empty() || other.cfg.is_empty())
}

pub(crate) fn source(path: &Path) -> String {
    text::source(path.to_token_stream())
}

/// Whether two paths are written alike. Paths that are not may still name one type: the compiler finds that.
pub(crate) fn same_path(a: &Path, b: &Path) -> bool {
    source(a) == source(b)
}
