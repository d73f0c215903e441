//! One field over time.

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned as _;
use syn::{Member, Visibility};

use super::carry;
use super::{Conversion, Source};
use crate::attr::{Field, docs, serde};
use crate::event::attr::{Change, Changed, Changes, Head, Removed, Renamed, Since, What};
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
    pub(super) steps: Vec<Change>,
}

/// When a field came.
pub(super) struct Came {
    pub(super) since: Since,
    /// What it is in older events, if something is said.
    pub(super) default: Option<TokenStream>,
}

impl Track {
    /// A field of today.
    pub(super) fn current(field: &Field, Changes { added, changes }: Changes) -> Self {
        let span = field.member.span();
        let mut newest = field.clone();
        newest.attrs = field.serde();
        let added = added.get().map(|added| Came { since: added.since, default: Some(added.default) });
        Self { newest, span, added, until: None, steps: newest_first(changes) }
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
        Self { newest, span, added, until: Some(since), steps: newest_first(changes) }
    }

    /// The field as it is in `version`, if it is there.
    pub(super) fn at(&self, version: u32) -> Option<Field> {
        let came = self.added.as_ref().is_none_or(|came| came.since.version <= version);
        let stays = self.until.is_none_or(|until| until.version > version);
        (came && stays).then(|| {
            let later: Vec<&Change> = self.steps.iter().filter(|step| step.since.version > version).collect();
            later.chunk_by(|a, b| a.since.version == b.since.version).fold(self.newest.clone(), before)
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

    /// Where the field of `version` is in the event of today, if it is there and its content is the same.
    pub(super) fn today(&self, version: u32) -> Option<Member> {
        (self.until.is_none() && !self.changed(version, u32::MAX)).then(|| self.newest.member.clone())
    }

    /// What is said of events that are older than the field, if it is of the type that the field has in `version`.
    pub(super) fn default(&self, version: u32) -> Option<TokenStream> {
        let came = self.added.as_ref().filter(|came| !self.changed(came.since.version, version))?;
        came.default.clone()
    }

    /// Whether its type or its meaning is another one in the version `to` than in the version `from`.
    fn changed(&self, from: u32, to: u32) -> bool {
        let between = self.steps.iter().filter(|step| step.since.version > from && step.since.version <= to);
        between.into_iter().any(|step| matches!(step.what, What::Changed(_)))
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

fn newest_first(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by_key(|change| std::cmp::Reverse(change.since.version));
    changes
}

/// The field as it was before the changes of one version.
fn before(mut field: Field, steps: &[&Change]) -> Field {
    // What the user wrote of the older form stays, whichever of the changes it is written in.
    let mut written = Vec::new();
    for step in steps {
        match &step.what {
            What::Renamed(Renamed { from, serde }) => {
                field.attrs = carry::to_another_name(&field.attrs);
                field.docs = format!("`{}`, by its older name.", field.name);
                field.member = Member::Named(from.clone());
                field.name = text::plain(from);
                written.extend(serde.iter().cloned());
            }
            What::Changed(changed) => {
                let Changed { from, serde, .. } = &**changed;
                field.attrs = carry::to_another_type(&field.attrs);
                field.ty = from.clone();
                written.extend(serde.iter().cloned());
            }
        }
    }
    field.attrs.extend(written);
    field
}
