//! The rules of a history, in the order in which they are checked.
//!
//! - [`Limits::of`]: `previous` or `oldest`, not both; neither before version 1
//! - [`allowed`]: a tuple struct has no names, an enum no fields
//! - [`tracks`]: `since` is from 2 to `version`; a field does not change before it came or after it went, nor twice in
//!   one way in one version
//! - [`covered`]: something says what each version changed
//! - [`names`]: no version has two fields of one name
//! - [`written_as_it_is`]: what is written in place of today's event says nothing of older ones

use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{Meta, Type};

use super::track::Track;
use crate::attr::{Body, Item, Style};
use crate::errors::Errors;
use crate::event::attr::{Changes, Removed, Renamed, Since, What};
use crate::shape::attrs::metas;
use crate::text;

/// The versions that there are.
pub(super) struct Limits {
    version: Since,
    oldest: Option<u32>,
}

impl Limits {
    pub(super) fn of(version: Since, oldest: Option<Since>, previous: Option<&Type>, errors: &Errors) -> Self {
        if let Some(oldest) = oldest {
            if previous.is_some() {
                errors.at(oldest.span, "`previous` says what came before; keep one of `oldest` and `previous`");
            } else if oldest.version == 0 || oldest.version > version.version {
                let version = version.version;
                errors.at(oldest.span, format!("the oldest version that is read is from 1 to {version}, today's"));
            }
        }
        if let Some(previous) = previous
            && version.version < 2
        {
            errors.at(previous.span(), "nothing comes before version 1; write `version = 2` on the event");
        }
        Self { version, oldest: oldest.map(|oldest| oldest.version) }
    }

    /// Whether something may have changed in that version.
    fn allow(&self, since: Since, errors: &Errors) -> bool {
        let message = match (since.version, self.oldest) {
            (version @ ..2, _) => {
                format!("nothing comes before version {version}; a change is since version 2 or later")
            }
            (version, Some(oldest)) if version <= oldest => {
                format!("version {oldest} is the oldest that is read; take away what changed before")
            }
            _ => return true,
        };
        errors.at(since.span, message);
        false
    }
}

/// Reports what a tuple struct or an enum cannot say.
pub(super) fn allowed(item: &Item, changes: &[Changes], removed: &[Removed], errors: &Errors) {
    let own_struct = |removed: &Removed| {
        let (version, name) = (removed.since.version.saturating_sub(1), text::plain(&item.ident));
        format!(
            "keep version {version} as a type of its own, `{name}V{version}`, with `From<{name}V{version}>` for what \
             follows it, and write `previous = {name}V{version}`"
        )
    };
    let what = match &item.body {
        Body::Struct(Style::Named | Style::Unit, _) => return,
        Body::Struct(Style::Tuple, _) => "the fields of a tuple struct have no names",
        Body::Enum(_) => "an enum has no fields of its own",
    };
    for removed in removed {
        errors.at(removed.head.ident.span(), format!("{what}; {}", own_struct(removed)));
    }
    for change in changes.iter().flat_map(|changes| &changes.changes) {
        if let What::Renamed(Renamed { from, .. }) = &change.what {
            errors.at(from.span(), format!("{what}; take `renamed` away"));
        }
    }
}

/// Checks each field's past by itself.
pub(super) fn tracks(tracks: &[Track], limits: &Limits, errors: &Errors) {
    let newest = limits.version.version;
    let above = tracks.iter().flat_map(Track::versions).filter(|since| since.version > newest);
    // Many changes may wait for one new version: the first of them.
    if let Some(since) = above.min_by_key(|since| std::cmp::Reverse(since.version)) {
        let message = format!(
            "the event has version {newest}, but this is since version {0}; write `version = {0}` on the event",
            since.version
        );
        errors.at(since.span, message);
    }
    for track in tracks {
        // All of them are looked at.
        let allowed = track.versions().filter(|since| !limits.allow(*since, errors)).count() == 0;
        if allowed && track.versions().all(|since| since.version <= newest) {
            lifetime(track, errors);
            once(track, errors);
        }
    }
}

/// Reports changes of a field before it came, or after it went.
fn lifetime(track: &Track, errors: &Errors) {
    let name = &track.newest.name;
    let came = track.added.as_ref().map(|came| came.since);
    let inside = came.into_iter().filter(|_| track.until.is_some());
    for (since, what) in
        track.steps.iter().map(|step| (step.since, of(&step.what))).chain(inside.map(|since| (since, "added")))
    {
        if let Some(came) = came.filter(|came| what != "added" && since.version <= came.version) {
            let message = format!(
                "`{name}` is there since version {}; it cannot be {what} in version {}",
                came.version, since.version
            );
            errors.at(since.span, message);
        } else if let Some(until) = track.until.filter(|until| since.version >= until.version) {
            let message = format!(
                "`{name}` is gone since version {}; it cannot be {what} in version {}",
                until.version, since.version
            );
            errors.at(since.span, message);
        }
    }
}

/// Reports what is said twice of one version, and renames that change nothing.
fn once(track: &Track, errors: &Errors) {
    for (at, step) in track.steps.iter().enumerate() {
        let (since, what) = (step.since, of(&step.what));
        if track.steps[..at].iter().any(|other| other.since.version == since.version && of(&other.what) == what) {
            let message = format!("`{}` is {what} twice in version {}; keep one", track.newest.name, since.version);
            errors.at(since.span, message);
        } else if let What::Renamed(Renamed { from, .. }) = &step.what
            && text::plain(from) == track.name(since.version)
        {
            let message = format!(
                "`{}` is the name that it has in version {}; take `renamed` away",
                text::plain(from),
                since.version
            );
            errors.at(from.span(), message);
        }
    }
}

fn of(what: &What) -> &'static str {
    match what {
        What::Renamed(_) => "renamed",
        What::Changed(_) => "changed",
    }
}

/// Reports versions that nothing says what changed; gives the oldest version of the history.
pub(super) fn covered(
    item: &Item,
    tracks: &[Track],
    limits: &Limits,
    previous: Option<&Type>,
    errors: &Errors,
) -> Option<u32> {
    let Limits { version, oldest } = *limits;
    let changed: Vec<u32> = tracks.iter().flat_map(Track::versions).map(|since| since.version).collect();
    let oldest = match (oldest, previous) {
        (Some(oldest), _) => oldest,
        (None, Some(_)) => changed.iter().min().map_or(version.version, |first| first.saturating_sub(1)),
        (None, None) => 1,
    };
    if let Some(previous) = previous.filter(|_| oldest == 1) {
        let message = format!(
            "`{}` would be version 0: what changed since version 2 says what version 1 was; take `previous` away, or those changes",
            text::source(previous.to_token_stream())
        );
        errors.at(previous.span(), message);
        return None;
    }
    let missing: Vec<u32> =
        (oldest + 1..=version.version).filter(|version| !changed.contains(version)).take(2).collect();
    let (first, more) = match missing[..] {
        [] => return Some(oldest),
        [first] => (first, ""),
        [first, ..] => (first, ", nor later ones"),
    };
    let help = match &item.body {
        Body::Struct(Style::Named | Style::Unit, _) => {
            format!("`added`, `renamed`, `changed` or `removed` with `since = {first}`, or `previous = ..`")
        }
        Body::Struct(Style::Tuple, _) => format!("`added` or `changed` with `since = {first}`, or `previous = ..`"),
        Body::Enum(_) => format!("`previous = ..`, an enum of its own for version {}", version.version - 1),
    };
    errors.at(version.span, format!("nothing says what version {first} changed{more}; write {help}"));
    None
}

/// Reports names that two fields have in one version, each pair once.
pub(super) fn names(tracks: &[Track], oldest: u32, newest: u32, errors: &Errors) {
    let mut reported: Vec<(usize, usize)> = Vec::new();
    // The newest first: what is wrong there is what the user sees.
    for version in (oldest..=newest).rev() {
        let fields: Vec<_> =
            tracks.iter().enumerate().filter_map(|(at, track)| Some((at, track.at(version)?))).collect();
        for (at, (later, field)) in fields.iter().enumerate() {
            let Some((earlier, _)) = fields[..at].iter().find(|(_, other)| other.name == field.name) else { continue };
            if !reported.contains(&(*earlier, *later)) {
                reported.push((*earlier, *later));
                two_of_one_name(version, &field.name, &tracks[*earlier], &tracks[*later], errors);
            }
        }
    }
}

fn two_of_one_name(version: u32, name: &str, earlier: &Track, later: &Track, errors: &Errors) {
    // Where the name is given to what has another one now.
    let renamed = |track: &Track| {
        let later = track.steps.iter().filter(|step| step.since.version > version);
        let mut renames = later.filter_map(|step| match &step.what {
            What::Renamed(Renamed { from, .. }) => Some(from.span()),
            What::Changed(_) => None,
        });
        renames.next_back()
    };
    let (by, span) = match (renamed(earlier), renamed(later)) {
        (Some(_), Some(span)) => {
            let message = format!(
                "`{}` and `{}` were both `{name}` in version {version}; only one of them can have been",
                earlier.newest.name, later.newest.name
            );
            return errors.at(span, message);
        }
        (_, Some(span)) => (later, span),
        (Some(span), None) => (earlier, span),
        (None, None) => {
            let message = format!(
                "version {version} has a field `{name}` already; if it went and came back, write `added(..)` on the \
                 one of today"
            );
            return errors.at(later.span, message);
        }
    };
    let message = format!("version {version} has a field `{name}` already, so `{}` was not called so", by.newest.name);
    errors.at(span, message);
}

/// Reports `from`, `try_from` and `into`: another type is written, and its past is not told here.
pub(super) fn written_as_it_is(item: &Item, oldest: u32, newest: u32, errors: &Errors) {
    let other = |meta: &Meta| ["from", "try_from", "into"].iter().any(|name| meta.path().is_ident(name));
    let found = metas(&item.serde).into_iter().find(|meta| oldest < newest && other(meta));
    if let Some(meta) = found {
        let name = text::source(meta.path().to_token_stream());
        let message = format!(
            "with `{name}` another type is written in place of the event, so its fields do not tell what older versions \
             were; keep version {} as a struct of its own, and write `previous = ..`",
            newest - 1
        );
        errors.at(meta.path().span(), message);
    }
}
