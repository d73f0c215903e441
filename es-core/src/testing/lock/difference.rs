//! The differences between the lock file and the program, in words that say what to write.

use std::fmt;

use super::compare::{Change, What};

/// A difference in one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) aggregate: String,
    pub(super) event: String,
    /// The locked versions that have the difference, in order.
    pub(super) versions: Vec<u32>,
    pub(super) kind: Kind,
}

/// What is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// The shape changed; `newest` is the version that the program writes.
    Changed { change: Change, type_name: &'static str, newest: u32 },
    /// The program does not read the version.
    Unread { oldest: u32, newest: u32 },
    /// The program does not know the event.
    Gone,
    /// The event says nothing of its shape.
    Shapeless { type_name: &'static str },
}

impl Difference {
    /// Joins the same difference in several versions of an event into one.
    #[inline]
    pub(super) fn joined(differences: Vec<Self>) -> Vec<Self> {
        let mut joined: Vec<Self> = Vec::new();
        for difference in differences {
            match joined.iter_mut().find(|other| other.event == difference.event && other.kind == difference.kind) {
                Some(other) => other.versions.extend(difference.versions),
                None => joined.push(difference),
            }
        }
        joined
    }
}

impl fmt::Display for Difference {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { aggregate, event, versions, kind } = self;
        let (subject, object) = match versions.as_slice() {
            [] => (String::new(), String::new()),
            [version] => (format!(" version {version}"), format!("version {version}")),
            [first, .., last] if last.checked_sub(*first).is_some_and(|span| span as usize + 1 == versions.len()) => {
                (format!(" versions {first} to {last}"), "one of them".to_owned())
            }
            versions => {
                let versions: Vec<String> = versions.iter().map(u32::to_string).collect();
                (format!(" versions {}", versions.join(", ")), "one of them".to_owned())
            }
        };
        write!(f, "event `{event}`{subject} of `{aggregate}`: ")?;
        match kind {
            Kind::Changed { change, type_name, newest } => {
                write!(f, "{change}, but {object} may be in a journal\n   ")?;
                let last = versions.last().copied().unwrap_or(*newest);
                Remedy { change, type_name, event, last, newest: *newest }.fmt(f)
            }
            Kind::Unread { oldest, newest } if versions.last().is_some_and(|last| last > newest) => write!(
                f,
                "the program knows only versions {oldest} to {newest}\n   \
                 put its version and its history back: a journal may hold what newer programs wrote"
            ),
            Kind::Unread { oldest, .. } => write!(
                f,
                "the program reads no version below {oldest}\n   \
                 put back what says what it was, or its struct, `previous = ..`; if no journal holds it any more, which a query tells \
                 (docs/evolution.md), delete its block and its golden sample"
            ),
            Kind::Gone => write!(
                f,
                "the program does not know the event\n   \
                 list it in `retired(..)` and say what becomes of it in `impl Retire<..>`; \
                 if it has another name now, give that event `aliases(\"{event}\")`"
            ),
            Kind::Shapeless { type_name } => write!(
                f,
                "`{type_name}` says nothing of its shape\n   \
                 write `#[derive(Event)]` on it, or `const SHAPES` in its `impl Event`"
            ),
        }
    }
}

/// What became of what, without saying where.
impl fmt::Display for Change {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(nested), false) = (&self.nested, matches!(self.what, What::Unknown)) {
            write!(f, "nested type `{nested}`: ")?;
        }
        if let Some(variant) = &self.variant {
            write!(f, "variant `{variant}`: ")?;
        }
        match &self.what {
            What::Type { field, was, is } => write!(f, "field `{field}` was `{was}` and is `{is}` now"),
            What::FieldSerde { field, was, is } => {
                write!(f, "field `{field}` had {} and has {} now", attribute(was), attribute(is))
            }
            What::Added { field } => write!(f, "field `{field}` is new"),
            What::Removed { field } => write!(f, "field `{field}` is gone"),
            What::Renamed { from, to } => write!(f, "field `{from}` is gone, and `{to}` of the same type is new"),
            What::Order { was, is } => write!(f, "the order was `{}` and is `{}` now", was.join(", "), is.join(", ")),
            What::Serde { was, is } => write!(f, "it had {} and has {} now", attribute(was), attribute(is)),
            What::Kind { was, is } => write!(f, "it was {was} and is {is} now"),
            What::VariantAdded { variant, .. } => write!(f, "variant `{variant}` is new"),
            What::VariantRemoved { variant } => write!(f, "variant `{variant}` is gone"),
            What::Unknown => {
                write!(f, "the shape of nested type `{}` is not known any more", self.nested.as_deref().unwrap_or(""))
            }
        }
    }
}

#[inline]
fn attribute(serde: &str) -> String {
    if serde.is_empty() { "no serde attribute".to_owned() } else { format!("`{serde}`") }
}

/// What to write.
struct Remedy<'a> {
    change: &'a Change,
    type_name: &'a str,
    event: &'a str,
    /// The newest version that has the change.
    last: u32,
    /// The version that the program writes.
    newest: u32,
}

impl fmt::Display for Remedy<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { change, last, newest, .. } = *self;
        let since = last.saturating_add(1);
        let version = if last >= newest { format!(" and `version = {since}` on the event") } else { String::new() };
        if change.nested.is_some() || change.variant.is_some() {
            return self.nested(f);
        }
        match &change.what {
            What::Type { was, .. } => {
                write!(f, "write `#[event(changed(from = {was}, with = .., since = {since}))]` on the field{version}")
            }
            What::Added { .. } => {
                write!(f, "write `#[event(added(default = .., since = {since}))]` on the field{version}")
            }
            // The history of a tuple struct has no names for what is gone.
            What::Removed { field } if field.name.starts_with(|char: char| char.is_ascii_digit()) => self.own_struct(f),
            What::Removed { field } => {
                write!(f, "write `#[event(removed({field}, since = {since}))]`{version}")
            }
            What::Renamed { from, to } => write!(
                f,
                "if `{to}` is the same under another name, write `#[event(renamed(from = {from_name}, since = {since}))]` \
                 on it{version};\n   if not, write `#[event(added(default = .., since = {since}))]` on `{to}` and \
                 `#[event(removed({from}, since = {since}))]`{version}",
                from_name = from.name,
            ),
            What::Order { was, .. } => {
                write!(f, "put the fields back in the order `{}`: the codec writes them without names", was.join(", "))
            }
            What::FieldSerde { was, .. } | What::Serde { was, .. } => {
                match was.as_str() {
                    "" => f.write_str("take the attribute away")?,
                    was => write!(f, "put `{was}` back")?,
                }
                f.write_str("; or ")?;
                self.own_struct(f)
            }
            What::Kind { .. } | What::VariantAdded { .. } | What::VariantRemoved { .. } | What::Unknown => {
                self.nested(f)
            }
        }
    }
}

impl Remedy<'_> {
    /// What to write for a change that no attribute on a field can say.
    #[inline]
    fn nested(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nested = self.change.nested.as_deref();
        match (&self.change.what, nested) {
            (What::Unknown, Some(nested)) => {
                return write!(f, "write `#[derive(Shape)]` on `{nested}`, so that a change of it is noticed");
            }
            (What::Order { was, .. }, _) => {
                let order = was.join(", ");
                return write!(f, "put them back in the order `{order}`: the codec writes them without names");
            }
            (What::VariantAdded { variant, last: true }, _) => write!(
                f,
                "what is in the journal still reads: if no older program reads it, add the line `{variant}` to the \
                 block by hand;\n   if one does, "
            )?,
            _ => {}
        }
        if let Some(nested) = nested {
            write!(f, "keep the old `{nested}` under another name, and ")?;
        }
        self.own_struct(f)
    }

    #[inline]
    fn own_struct(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { type_name, event, last, newest, .. } = *self;
        let (old, since) = (format!("{type_name}V{last}"), last.saturating_add(1));
        write!(
            f,
            "keep version {last} as a struct of its own, `#[event(name = \"{event}\", version = {last})] {old}`, "
        )?;
        if last >= newest {
            write!(
                f,
                "with `From<{old}> for {type_name}`, and write `previous = {old}, version = {since}` on `{type_name}`"
            )
        } else {
            write!(f, "with a `From<{old}>` for version {since}, and write `previous = {old}` there")
        }
    }
}
