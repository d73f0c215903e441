//! What is not as it is locked, and what to write for it.

use super::super::shape::{Content, FieldShape, VersionShape};
use super::{Locked, LockedField, LockedVersion, UNLOCK};
use crate::check::{Text, has_name, same};
use crate::model::EventModel;

/// What is not as it is locked.
pub(super) struct Difference {
    pub(super) version: u32,
    /// The field, or the variant, as that version has it; empty for the event itself.
    pub(super) member: &'static str,
    pub(super) text: Text,
}

/// Compares an event with what is locked: its fields, and names of variants; nested types are left to `assert_schema_lock`.
pub(super) const fn difference(
    aggregate: &str,
    locked: &Locked,
    here: &str,
    event: &EventModel,
    shapes: &[VersionShape],
) -> Option<Difference> {
    if !same(locked.path, here) || shapes.is_empty() {
        return None;
    }
    // The newest version first: what it says to write is what the older ones need.
    let mut at = locked.versions.len();
    while at > 0 {
        at -= 1;
        let locked = &locked.versions[at];
        if has_name(event, locked.event) {
            let compared = Compared { aggregate, event, locked };
            let difference = match find_version(shapes, locked.version) {
                Some(now) => compared.with(now),
                None => Some(compared.unread()),
            };
            if difference.is_some() {
                return difference;
            }
        }
    }
    None
}

const fn find_version(shapes: &[VersionShape], version: u32) -> Option<&VersionShape> {
    let mut at = 0;
    while at < shapes.len() {
        if shapes[at].version == version {
            return Some(&shapes[at]);
        }
        at += 1;
    }
    None
}

/// A locked version that may not be what it was.
#[derive(Clone, Copy)]
struct Compared<'a> {
    aggregate: &'a str,
    event: &'a EventModel,
    locked: &'a LockedVersion,
}

impl Compared<'_> {
    const fn with(self, now: &VersionShape) -> Option<Difference> {
        let (locked, members) = (self.locked, Members(now.shape.content));
        let mut at = 0;
        while at < locked.fields.len() {
            let was = &locked.fields[at];
            match members.find(was.name) {
                None => return Some(self.gone(was, members)),
                Some(is) if !same_source(was.ty, is.ty) => return Some(self.another_type(was, is)),
                Some(is) if !same_source(was.serde, is.serde) => {
                    return Some(self.attribute(was.name, was.serde, is.serde));
                }
                Some(_) => {}
            }
            at += 1;
        }
        let mut at = 0;
        while at < members.len() {
            let is = members.get(at);
            if find_locked(locked.fields, is.name).is_none() {
                return Some(self.added(is));
            }
            at += 1;
        }
        if same_source(locked.serde, now.shape.serde) {
            None
        } else {
            Some(self.attribute("", locked.serde, now.shape.serde))
        }
    }

    const fn unread(self) -> Difference {
        let text = self.begin().and("the program does not read it; put its version and its history back");
        Difference { version: self.locked.version, member: "", text: text.and(UNLOCK) }
    }

    const fn gone(self, was: &LockedField, now: Members) -> Difference {
        if was.ty.is_empty() {
            return self.own_struct("", self.begin().and("variant `").and(was.name).and("` is gone"));
        }
        let text = self.begin().and("field `").and(was.name).and(": ").and(was.ty).and("` is gone");
        // The history of a tuple struct has no names for what is gone.
        if matches!(was.name.as_bytes().first(), Some(b'0'..=b'9')) {
            return self.own_struct("", text);
        }
        let mut at = 0;
        while at < now.len() {
            let is = now.get(at);
            if same_source(is.ty, was.ty) && find_locked(self.locked.fields, is.name).is_none() {
                if self.is_of_history(is) {
                    return self.misnamed(was, is);
                }
                let text = text.and(", and `").and(is.name).and("` of the same type is new");
                let text = self.may_be(text).and("if it is the same, write `#[event(renamed(from = ").and(was.name);
                let text = self.since(text).and("))]` on it, or else `#[event(added(default = ..");
                let text = self.since(text).and("))]` on it and `#[event(removed(").and(was.name).and(": ");
                let text = self.since(text.and(was.ty)).and("))]`");
                return self.end(is.name, text);
            }
            at += 1;
        }
        let text = self.may_be(text).and("write `#[event(removed(").and(was.name).and(": ").and(was.ty);
        self.end("", self.since(text).and("))]`"))
    }

    const fn another_type(self, was: &LockedField, is: FieldShape) -> Difference {
        let text = self.begin().and("field `").and(was.name).and("` was `").and(was.ty);
        let text = self.may_be(text.and("` and is `").and(is.ty).and("` now"));
        let text = text.and("write `#[event(changed(from = ").and(was.ty).and(", with = ..");
        self.end(is.name, self.since(text).and("))]` on the field"))
    }

    const fn added(self, is: FieldShape) -> Difference {
        if is.ty.is_empty() {
            return self.own_struct(is.name, self.begin().and("variant `").and(is.name).and("` is new"));
        }
        if self.is_of_history(is) {
            let text =
                self.begin().and("it never had a field `").and(is.name).and("`; if `renamed(from = ").and(is.name);
            let text = self.since(text.and(", ..)` says so, write `added(default = ..")).and(")` in place of it");
            let text = text.and(", and if `removed(").and(is.name).and(": ..)` does, take that away");
            return self.end(is.name, text);
        }
        let text = self.begin().and("field `").and(is.name).and(": ").and(is.ty).and("` is new");
        let text = self.may_be(text).and("write `#[event(added(default = ..");
        self.end(is.name, self.since(text).and("))]` on the field"))
    }

    /// The history has a field by a name that it never had.
    const fn misnamed(self, was: &LockedField, is: FieldShape) -> Difference {
        let text = self.begin().and("it never had a field `").and(is.name).and("`, but it had `").and(was.name);
        let text = text.and(": ").and(was.ty).and("`; if that is the one, write `").and(was.name);
        self.end(is.name, text.and("` in the history, in place of `").and(is.name).and("`"))
    }

    /// Whether nothing but the history of the event has the field: it is not there today.
    const fn is_of_history(self, is: FieldShape) -> bool {
        let mut at = 0;
        while at < self.event.fields.len() {
            if same(self.event.fields[at].name, is.name) {
                return false;
            }
            at += 1;
        }
        self.locked.version < self.event.version
    }

    /// A field, or the event itself, has other serde attributes.
    const fn attribute(self, field: &'static str, was: &str, is: &str) -> Difference {
        let text = self.begin();
        let text = if field.is_empty() { text.and("it") } else { text.and("field `").and(field).and("`") };
        let text = text.and(" had ").and(or_none(was)).and(" and has ").and(or_none(is)).and(" now");
        self.own_struct(field, text)
    }

    const fn own_struct(self, member: &'static str, text: Text) -> Difference {
        let text = self.may_be(text);
        let text = text.and("put it back, or keep version ").and_number(self.locked.version);
        let text = text.and(" as a struct of its own, with `previous = ..` on what follows it");
        self.end(member, text)
    }

    const fn begin(self) -> Text {
        let text = Text::new().and("event `").and(self.locked.event).and("` version ").and_number(self.locked.version);
        text.and(" of `").and(self.aggregate).and("`: ")
    }

    const fn may_be(self, text: Text) -> Text {
        text.and(", but version ").and_number(self.locked.version).and(" may be in a journal; ")
    }

    const fn since(self, text: Text) -> Text {
        text.and(", since = ").and_number(self.locked.version.saturating_add(1))
    }

    const fn end(self, member: &'static str, text: Text) -> Difference {
        let text = if self.locked.version >= self.event.version {
            text.and(" and `version = ").and_number(self.locked.version.saturating_add(1)).and("` on the event")
        } else {
            text
        };
        Difference { version: self.locked.version, member, text: text.and(UNLOCK) }
    }
}

const fn or_none(serde: &str) -> &str {
    if serde.is_empty() { "no serde attribute" } else { serde }
}

/// The fields of a shape, or its variants as fields without types.
#[derive(Clone, Copy)]
struct Members(Content);

impl Members {
    const fn len(self) -> usize {
        match self.0 {
            Content::Unit => 0,
            Content::Named(fields) | Content::Tuple(fields) => fields.len(),
            Content::Enum(variants) => variants.len(),
        }
    }

    const fn get(self, at: usize) -> FieldShape {
        match self.0 {
            Content::Named(fields) | Content::Tuple(fields) => fields[at],
            Content::Enum(variants) => {
                FieldShape { name: variants[at].name, ty: "", serde: variants[at].serde, nested: &[] }
            }
            Content::Unit => FieldShape { name: "", ty: "", serde: "", nested: &[] },
        }
    }

    const fn find(self, name: &str) -> Option<FieldShape> {
        let mut at = 0;
        while at < self.len() {
            let member = self.get(at);
            if same(member.name, name) {
                return Some(member);
            }
            at += 1;
        }
        None
    }
}

const fn find_locked(fields: &'static [LockedField], name: &str) -> Option<&'static LockedField> {
    let mut at = 0;
    while at < fields.len() {
        if same(fields[at].name, name) {
            return Some(&fields[at]);
        }
        at += 1;
    }
    None
}

/// Whether two pieces of source are the same but for spaces.
const fn same_source(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let (mut i, mut j) = (0, 0);
    loop {
        while i < a.len() && a[i].is_ascii_whitespace() {
            i += 1;
        }
        while j < b.len() && b[j].is_ascii_whitespace() {
            j += 1;
        }
        if i == a.len() || j == b.len() {
            return i == a.len() && j == b.len();
        }
        if a[i] != b[j] {
            return false;
        }
        (i, j) = (i + 1, j + 1);
    }
}
