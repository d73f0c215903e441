//! One field over time.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{Member, Visibility};

use super::carry;
use super::{Conversion, Source};
use crate::attr::{Field, docs, serde};
use crate::event::attr::{Changed, Changes, Head, Removed, Renamed, Since, What};
use crate::text;

/// A field that is there today, or was.
pub(super) struct Track {
    /// As it is in the last version that has it.
    pub(super) newest: Field,
    /// Where it is declared.
    pub(super) span: Span,
    /// The first version with it; none if it was there from the start.
    pub(super) added: Option<Came>,
    /// The first version without it; none if it is there today.
    pub(super) until: Option<Since>,
    /// What changed it, the newest first.
    pub(super) steps: Vec<Step>,
}

/// When a field came.
pub(super) struct Came {
    pub(super) since: Since,
    /// What it is in older events, if something is said.
    pub(super) default: Option<TokenStream>,
}

/// A change of a field.
pub(super) struct Step {
    pub(super) since: Since,
    pub(super) what: What,
}

impl Track {
    /// A field of today.
    pub(super) fn current(field: &Field, Changes { added, changes }: Changes) -> Self {
        let span = field.member.span();
        let mut newest = field.clone();
        newest.attrs = field.serde();
        let added = added.get().map(|added| Came { since: added.since, default: Some(added.default) });
        Self {
            newest,
            span,
            added,
            until: None,
            steps: steps(changes.into_iter().map(|change| (change.since, change.what))),
        }
    }

    /// A field that is gone, of the visibility `vis` if none is written.
    pub(super) fn removed(removed: Removed, vis: &Visibility) -> Self {
        let Removed { head: Head { attrs, vis: own_vis, ident, ty }, since, added, default, place: _, changes } =
            removed;
        let vis = if matches!(own_vis, Visibility::Inherited) { vis.clone() } else { own_vis };
        let docs = match docs(&attrs) {
            docs if docs.is_empty() => format!("Gone since version {}.", since.version),
            docs => docs,
        };
        let (name, span) = (text::plain(&ident), ident.span());
        let newest = Field { member: Member::Named(ident), name, ty, vis, docs, attrs: serde(&attrs) };
        let added = added.map(|since| Came { since, default });
        Self {
            newest,
            span,
            added,
            until: Some(since),
            steps: steps(changes.into_iter().map(|change| (change.since, change.what))),
        }
    }

    /// The field as it is in `version`, if it is there.
    pub(super) fn at(&self, version: u32) -> Option<Field> {
        let came = self.added.as_ref().is_none_or(|came| came.since.version <= version);
        let stays = self.until.is_none_or(|until| until.version > version);
        (came && stays).then(|| {
            let later = self.steps.iter().filter(|step| step.since.version > version);
            later.fold(self.newest.clone(), |field, step| before(field, &step.what))
        })
    }

    /// Where the field has its value from in `version`: from `old`, as it is in the version before, if it is there.
    pub(super) fn source(&self, version: u32, old: Option<&Field>) -> Source {
        let Some(old) = old else {
            let default = self.added.as_ref().and_then(|came| came.default.clone());
            return default.map_or_else(|| Source::Default(self.newest.ty.span()), Source::Added);
        };
        let member = old.member.clone();
        let changed =
            self.steps.iter().filter(|step| step.since.version == version).find_map(|step| match &step.what {
                What::Changed(changed) => Some(changed),
                What::Renamed(_) => None,
            });
        match changed {
            Some(changed) => {
                let Changed { span, with, .. } = &**changed;
                Source::Changed(Conversion { member, span: *span, with: with.clone() })
            }
            None => Source::Kept(member),
        }
    }

    /// Where `field`, of an older version, is in the event of today, if it is there and has the same type.
    pub(super) fn today(&self, field: &Field) -> Option<Member> {
        let same = text::source(field.ty.to_token_stream()) == text::source(self.newest.ty.to_token_stream());
        (self.until.is_none() && same).then(|| self.newest.member.clone())
    }

    /// What is said of events that are older than the field.
    pub(super) fn default(&self) -> Option<TokenStream> {
        self.added.as_ref().and_then(|came| came.default.clone())
    }

    /// The name in `version`, whether or not the field is there.
    pub(super) fn name(&self, version: u32) -> String {
        let later = self.steps.iter().filter(|step| step.since.version > version);
        let mut renames = later.filter_map(|step| match &step.what {
            What::Renamed(Renamed { from, .. }) => Some(text::plain(from)),
            What::Changed(_) => None,
        });
        renames.next_back().unwrap_or_else(|| self.newest.name.clone())
    }

    /// Whether the field had this name before it was renamed.
    pub(super) fn had_name(&self, name: &str) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(&step.what, What::Renamed(Renamed { from, .. }) if text::plain(from) == name))
    }

    /// The versions that changed the field.
    pub(super) fn versions(&self) -> impl Iterator<Item = Since> + '_ {
        let came = self.added.iter().map(|came| came.since);
        came.chain(self.until).chain(self.steps.iter().map(|step| step.since))
    }
}

fn steps(changes: impl Iterator<Item = (Since, What)>) -> Vec<Step> {
    let mut steps: Vec<Step> = changes.map(|(since, what)| Step { since, what }).collect();
    steps.sort_by_key(|step| std::cmp::Reverse(step.since.version));
    steps
}

/// The field as it was before a change of it.
fn before(field: Field, what: &What) -> Field {
    match what {
        What::Renamed(Renamed { from, serde }) => {
            let attrs = carry::to_another_name(&field.attrs).into_iter().chain(serde.iter().cloned()).collect();
            let docs = format!("`{}`, by its older name.", field.name);
            Field { member: Member::Named(from.clone()), name: text::plain(from), docs, attrs, ..field }
        }
        What::Changed(changed) => {
            let Changed { from, serde, .. } = &**changed;
            let attrs = carry::to_another_type(&field.attrs).into_iter().chain(serde.iter().cloned()).collect();
            Field { ty: from.clone(), attrs, ..field }
        }
    }
}
