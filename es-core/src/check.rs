//! What is checked in constants: a mistake is a compile error, where the derive says that the constant stands.

use crate::aggregate::Aggregate;
use crate::model::{AggregateModel, EventModel};

/// Checks that no event of `A` before the one at `index` is known to the journal by a name of that one.
///
/// `index` is where [`AggregateModel::recorded_events`] has it.
#[track_caller]
#[expect(clippy::missing_panics_doc, reason = "the panic is the compile error")]
pub const fn own_name<A: Aggregate>(index: usize) {
    let later = recorded(&A::MODEL, index);
    let mut at = 0;
    while at < index {
        let earlier = recorded(&A::MODEL, at);
        if let Some(name) = common_name(earlier, later) {
            if index >= A::MODEL.events.len() && at < A::MODEL.events.len() && same(earlier.type_name, later.type_name)
            {
                let text = Text::new()
                    .and("event `")
                    .and(later.type_name)
                    .and("` is in `events(..)` too; an event is current or retired: take it out of one");
                panic!("{}", text.as_str());
            }
            let text = Text::new()
                .and("event `")
                .and(later.type_name)
                .and("` of `")
                .and(A::NAME)
                .and("` is `")
                .and(name)
                .and("` in the journal, and so is `")
                .and(earlier.type_name)
                .and("`; give one of them another `name` or take the alias away");
            panic!("{}", text.as_str());
        }
        at += 1;
    }
}

/// Checks that an event of `aggregate` is not listed beside all events of `A`.
#[track_caller]
#[expect(clippy::missing_panics_doc, reason = "the panic is the compile error")]
pub const fn not_one_of_all<A: Aggregate>(aggregate: &str) {
    if same(aggregate, A::NAME) {
        let text = Text::new()
            .and("the event is listed twice, since all of `")
            .and(A::NAME)
            .and("` are listed too; take one of them away");
        panic!("{}", text.as_str());
    }
}

/// The event at `index` of [`AggregateModel::recorded_events`].
pub(crate) const fn recorded(model: &AggregateModel, index: usize) -> &'static EventModel {
    if index < model.events.len() { model.events[index] } else { model.retired[index - model.events.len()] }
}

const fn common_name(a: &EventModel, b: &EventModel) -> Option<&'static str> {
    let mut at = 0;
    while at <= b.aliases.len() {
        let name = if at == 0 { b.name } else { b.aliases[at - 1] };
        if has_name(a, name) {
            return Some(name);
        }
        at += 1;
    }
    None
}

/// [`EventModel::has_name`], in a constant.
pub(crate) const fn has_name(event: &EventModel, name: &str) -> bool {
    let mut at = 0;
    while at < event.aliases.len() {
        if same(event.aliases[at], name) {
            return true;
        }
        at += 1;
    }
    same(event.name, name)
}

/// Whether two texts are equal.
pub(crate) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A text made in a constant. What does not fit is cut off.
pub(crate) struct Text {
    bytes: [u8; 2048],
    len: usize,
}

impl Text {
    /// No text.
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; 2048], len: 0 }
    }

    /// The text with `more` behind it.
    pub(crate) const fn and(mut self, more: &str) -> Self {
        let more = more.as_bytes();
        if self.len + more.len() > self.bytes.len() {
            return self;
        }
        let mut at = 0;
        while at < more.len() {
            self.bytes[self.len] = more[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    /// The text with `number` behind it, in decimal.
    pub(crate) const fn and_number(mut self, number: u32) -> Self {
        if number > 9 {
            self = self.and_number(number / 10);
        }
        let digits = "0123456789".as_bytes();
        let (_, from) = digits.split_at((number % 10) as usize);
        let (digit, _) = from.split_at(1);
        match std::str::from_utf8(digit) {
            Ok(digit) => self.and(digit),
            Err(_) => self,
        }
    }

    /// The text.
    pub(crate) const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, same};

    #[test]
    fn text_is_made_in_a_constant() {
        const TEXT: Text = Text::new().and("version ").and_number(1204);
        assert_eq!(TEXT.as_str(), "version 1204");
        assert!(same("ab", "ab") && !same("ab", "ac") && !same("a", "ab"));
    }
}
