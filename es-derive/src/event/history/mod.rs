//! The past of an event: what it consisted of in each version, and how one version becomes the next.

mod carry;
mod check;
mod order;
mod track;

#[cfg(test)]
mod tests;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident};
use syn::{Member, Type, Visibility};

use self::check::Limits;
use self::track::Track;
use super::attr::{Changes, Removed, Since};
use crate::attr::{Body, Field, Item, Style};
use crate::errors::Errors;
use crate::shape::attrs::has;
use crate::text;

/// The versions of an event before today's.
pub(crate) struct History {
    /// The struct of the version before the oldest here.
    pub(crate) previous: Option<Type>,
    /// The oldest version here: today's, if there is no other.
    pub(crate) oldest: u32,
    /// The older versions, the oldest first.
    pub(crate) older: Vec<Version>,
    /// How the last one of them becomes the event of today: for each field of today.
    pub(crate) last_step: Vec<Source>,
}

/// An older version.
pub(crate) struct Version {
    pub(crate) number: u32,
    /// The name of its struct.
    pub(crate) ident: Ident,
    pub(crate) body: Body,
    /// How the version before becomes this one: for each field; empty for the oldest.
    pub(crate) step: Vec<Source>,
    /// Where each field is in the event of today, if it is there and its content is the same.
    pub(crate) today: Vec<Option<Member>>,
    /// What each field is in events that are older than it, if something is said.
    pub(crate) defaults: Vec<Option<TokenStream>>,
}

/// Where a field has its value from, in the version before.
pub(crate) enum Source {
    /// The field is the same.
    Kept(Member),
    /// A function makes it.
    Changed(Conversion),
    /// It was not there: an expression.
    Added(TokenStream),
    /// It was not there, and nothing is said.
    Default(Span),
}

/// `with` makes a field of what was in `member`.
pub(crate) struct Conversion {
    pub(crate) member: Member,
    /// Where `with` stands.
    pub(crate) span: Span,
    pub(crate) with: TokenStream,
}

/// What the user declared of the past.
pub(crate) struct Declared {
    /// Today's version, and where it stands.
    pub(crate) version: Since,
    /// The oldest version that is still read.
    pub(crate) oldest: Option<Since>,
    pub(crate) previous: Option<Type>,
    pub(crate) removed: Vec<Removed>,
    pub(crate) changes: Vec<Changes>,
    /// Whether nothing of it is missing.
    pub(crate) whole: bool,
}

/// Makes out what was when; `None` if there are mistakes.
pub(crate) fn history(item: &Item, declared: Declared, errors: &Errors) -> Option<History> {
    let Declared { version, oldest, previous, removed, changes, whole } = declared;
    let before = errors.len();
    let limits = Limits::of(version, oldest, previous.as_ref(), errors);
    check::allowed(item, &changes, &removed, errors);
    let places: Vec<_> = removed.iter().map(|removed| (removed.since, removed.place.clone())).collect();
    let vis = common_vis(item);
    let current = item.fields().iter().zip(changes).map(|(field, changes)| Track::current(field, changes));
    let tracks: Vec<Track> = current.chain(removed.into_iter().map(|removed| Track::removed(removed, &vis))).collect();
    check::tracks(&tracks, &limits, errors);
    if errors.len() > before || !whole {
        return None;
    }
    let oldest = check::covered(item, &tracks, &limits, previous.as_ref(), errors)?;
    check::names(&tracks, oldest, version.version, errors);
    check::written_as_it_is(item, oldest, version.version, errors);
    let order = order::order(&tracks, &places, errors);
    if errors.len() > before {
        return None;
    }
    Some(assemble(item, previous, oldest, version.version, &order, &tracks))
}

/// Writes down each version.
fn assemble(
    item: &Item,
    previous: Option<Type>,
    oldest: u32,
    newest: u32,
    order: &[usize],
    tracks: &[Track],
) -> History {
    let style = match &item.body {
        Body::Struct(Style::Tuple, _) => Style::Tuple,
        _ => Style::Named,
    };
    let mut before: Option<Vec<(usize, Field)>> = None;
    let mut versions = Vec::new();
    let mut last_step = Vec::new();
    for number in oldest..=newest {
        let now = fields_in(number, style, order, tracks);
        let step = before.as_deref().map(|before| step(number, before, &now, tracks)).unwrap_or_default();
        if number == newest {
            last_step = step;
            break;
        }
        let today = now.iter().map(|(track, _)| tracks[*track].today(number)).collect();
        let defaults = now.iter().map(|(track, _)| tracks[*track].default(number)).collect();
        // A tag is written of what has braces alone.
        let braces = !now.is_empty() || has(&item.serde, "tag");
        let style = if braces { style } else { Style::Unit };
        let fields = now.iter().map(|(_, field)| field.clone()).collect();
        let ident = format_ident!("{}V{number}", text::plain(&item.ident), span = item.ident.span());
        versions.push(Version { number, ident, body: Body::Struct(style, fields), step, today, defaults });
        before = Some(now);
    }
    History { previous, oldest, older: versions, last_step }
}

/// The fields of a version, each with its track.
fn fields_in(version: u32, style: Style, order: &[usize], tracks: &[Track]) -> Vec<(usize, Field)> {
    let fields = order.iter().filter_map(|&track| tracks[track].at(version).map(|field| (track, field)));
    let number = |(at, (track, field)): (usize, (usize, Field))| match style {
        Style::Tuple => (track, Field { member: Member::from(at), name: at.to_string(), ..field }),
        Style::Named | Style::Unit => (track, field),
    };
    fields.enumerate().map(number).collect()
}

/// Where the fields of version `number` come from.
fn step(number: u32, before: &[(usize, Field)], now: &[(usize, Field)], tracks: &[Track]) -> Vec<Source> {
    let source = |(track, _): &(usize, Field)| {
        let old = before.iter().find(|(other, _)| other == track).map(|(_, field)| field);
        tracks[*track].source(number, old)
    };
    now.iter().map(source).collect()
}

/// The visibility of fields that are gone: that of all fields, or else that of the event.
fn common_vis(item: &Item) -> Visibility {
    let source = |field: &Field| text::source(field.vis.to_token_stream());
    match item.fields() {
        [first, rest @ ..] if rest.iter().all(|field| source(field) == source(first)) => first.vis.clone(),
        _ => item.vis.clone(),
    }
}
