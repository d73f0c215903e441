//! The schema lock in constants: a shape that is not as it is locked is a compile error at its event.

use super::shape::{Content, FieldShape, VersionShape};
use crate::aggregate::Aggregate;
use crate::check::{Text, has_name, recorded, same};
use crate::model::EventModel;

/// What `events.lock` has of one aggregate; written by the derive, which reads the file.
#[derive(Debug, Clone, Copy)]
pub struct Locked {
    /// The path of the aggregate's type.
    pub path: &'static str,
    /// Its event versions.
    pub versions: &'static [LockedVersion],
}

/// An event version as the file has it.
#[derive(Debug, Clone, Copy)]
pub struct LockedVersion {
    /// The name of the event.
    pub event: &'static str,
    /// The version.
    pub version: u32,
    /// The serde attributes.
    pub serde: &'static str,
    /// The fields of the event, or its variants, which have no types.
    pub fields: &'static [LockedField],
}

/// A field, or a variant, as the file has it.
#[derive(Debug, Clone, Copy)]
pub struct LockedField {
    /// The name.
    pub name: &'static str,
    /// The type; empty for a variant.
    pub ty: &'static str,
    /// The serde attributes.
    pub serde: &'static str,
}

/// Checks the event at `index` of `A` against what is locked, if `A` is what the file calls by its name:
/// another `A` of that name, in a test or an example, is not. `here` is the path of `A`.
///
/// Fields are compared, and names of variants; nested types are left to `assert_schema_lock`.
///
/// # Panics
///
/// If it is not as it is locked: that is the compile error.
#[track_caller]
pub const fn check_locked<A: Aggregate>(locked: &Locked, here: &str, index: usize) {
    let shapes = A::SHAPES[index];
    if !same(locked.path, here) || shapes.is_empty() {
        return;
    }
    let event = recorded(&A::MODEL, index);
    // The newest version first: what it says to write is what the older ones need.
    let mut at = locked.versions.len();
    while at > 0 {
        at -= 1;
        let locked = &locked.versions[at];
        if has_name(event, locked.event) {
            match find_version(shapes, locked.version) {
                Some(now) => check_version(A::NAME, event, locked, now),
                None => unread(A::NAME, event, locked),
            }
        }
    }
}

/// Checks that `A` knows each event that is locked.
///
/// # Panics
///
/// If it does not: that is the compile error.
#[track_caller]
pub const fn check_known<A: Aggregate>(locked: &Locked, here: &str) {
    let mut at = 0;
    while at < locked.versions.len() && same(locked.path, here) {
        let event = locked.versions[at].event;
        let mut index = 0;
        while index < A::SHAPES.len() && !has_name(recorded(&A::MODEL, index), event) {
            index += 1;
        }
        if index == A::SHAPES.len() {
            let text = Text::new()
                .and("event `")
                .and(event)
                .and("` of `")
                .and(A::NAME)
                .and(
                    "` may be in a journal, but is in neither `events(..)` nor `retired(..)`; list it in `retired(..)`",
                )
                .and(", or, if it has another name now, give that event `aliases(\"")
                .and(event)
                .and("\")`")
                .and(UNLOCK);
            panic!("{}", text.as_str());
        }
        at += 1;
    }
}

const UNLOCK: &str = " (locked in `events.lock`; delete its block there if no journal ever held it)";

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

#[track_caller]
const fn check_version(aggregate: &str, event: &EventModel, locked: &LockedVersion, now: &VersionShape) {
    let difference = Difference { aggregate, event, locked };
    let members = Members(now.shape.content);
    let mut at = 0;
    while at < locked.fields.len() {
        let was = &locked.fields[at];
        match members.find(was.name) {
            None => difference.gone(was, members),
            Some(is) if !same_source(was.ty, is.ty) => difference.another_type(was, is),
            Some(is) if !same_source(was.serde, is.serde) => difference.attribute(was.name, was.serde, is.serde),
            Some(_) => {}
        }
        at += 1;
    }
    let mut at = 0;
    while at < members.len() {
        let is = members.get(at);
        if find_locked(locked.fields, is.name).is_none() {
            difference.added(is);
        }
        at += 1;
    }
    if !same_source(locked.serde, now.shape.serde) {
        difference.attribute("", locked.serde, now.shape.serde);
    }
}

#[track_caller]
const fn unread(aggregate: &str, event: &EventModel, locked: &LockedVersion) -> ! {
    let text = Difference { aggregate, event, locked }
        .begin()
        .and("the program does not read it; put its version and its history back")
        .and(UNLOCK);
    panic!("{}", text.as_str());
}

/// A locked version that is not what it was.
#[derive(Clone, Copy)]
struct Difference<'a> {
    aggregate: &'a str,
    event: &'a EventModel,
    locked: &'a LockedVersion,
}

impl Difference<'_> {
    #[track_caller]
    const fn gone(self, was: &LockedField, now: Members) -> ! {
        if was.ty.is_empty() {
            self.own_struct(self.begin().and("variant `").and(was.name).and("` is gone"));
        }
        let text = self.begin().and("field `").and(was.name).and(": ").and(was.ty).and("` is gone");
        // The history of a tuple struct has no names for what is gone.
        if matches!(was.name.as_bytes().first(), Some(b'0'..=b'9')) {
            self.own_struct(text);
        }
        let mut at = 0;
        while at < now.len() {
            let is = now.get(at);
            if same_source(is.ty, was.ty) && find_locked(self.locked.fields, is.name).is_none() {
                let text = text.and(", and `").and(is.name).and("` of the same type is new");
                let text = self.may_be(text).and("if it is the same, write `#[event(renamed(from = ").and(was.name);
                let text = self.since(text).and("))]` on it, or else `#[event(added(default = ..");
                let text = self.since(text).and("))]` on it and `#[event(removed(").and(was.name).and(": ");
                let text = self.since(text.and(was.ty)).and("))]`");
                self.end(text);
            }
            at += 1;
        }
        let text = self.may_be(text).and("write `#[event(removed(").and(was.name).and(": ").and(was.ty);
        self.end(self.since(text).and("))]`"));
    }

    #[track_caller]
    const fn another_type(self, was: &LockedField, is: FieldShape) -> ! {
        let text = self.begin().and("field `").and(was.name).and("` was `").and(was.ty);
        let text = self.may_be(text.and("` and is `").and(is.ty).and("` now"));
        let text = text.and("write `#[event(changed(from = ").and(was.ty).and(", with = ..");
        self.end(self.since(text).and("))]` on the field"));
    }

    #[track_caller]
    const fn added(self, is: FieldShape) -> ! {
        if is.ty.is_empty() {
            self.own_struct(self.begin().and("variant `").and(is.name).and("` is new"));
        }
        let text = self.begin().and("field `").and(is.name).and(": ").and(is.ty).and("` is new");
        let text = self.may_be(text).and("write `#[event(added(default = ..");
        self.end(self.since(text).and("))]` on the field"));
    }

    /// A field, or the event itself, has other serde attributes.
    #[track_caller]
    const fn attribute(self, field: &str, was: &str, is: &str) -> ! {
        let text = self.begin();
        let text = if field.is_empty() { text.and("it") } else { text.and("field `").and(field).and("`") };
        let text = text.and(" had ").and(or_none(was)).and(" and has ").and(or_none(is)).and(" now");
        self.own_struct(text);
    }

    #[track_caller]
    const fn own_struct(self, text: Text) -> ! {
        let text = self.may_be(text);
        let text = text.and("put it back, or keep version ").and_number(self.locked.version);
        let text = text.and(" as a struct of its own, with `previous = ..` on what follows it");
        self.end(text);
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

    #[track_caller]
    const fn end(self, text: Text) -> ! {
        let text = if self.locked.version >= self.event.version {
            text.and(" and `version = ").and_number(self.locked.version.saturating_add(1)).and("` on the event")
        } else {
            text
        };
        panic!("{}", text.and(UNLOCK).as_str());
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
