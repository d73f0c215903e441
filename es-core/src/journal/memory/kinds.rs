//! `Kinds`: what events are, each kept once.

use std::borrow::Cow;

use crate::hash::Map;

/// What an event is: all that many events have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) name: Cow<'static, str>,
    pub(super) version: u32,
    pub(super) format: Cow<'static, str>,
}

/// Kinds by their numbers.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    all: Vec<Kind>,
    numbers: Map<Kind, usize>,
    /// The one that was asked for last, and most often is the next.
    last: usize,
}

impl Kinds {
    /// The number of a kind, given to it when it is first asked for.
    pub(super) fn number(&mut self, kind: Kind) -> usize {
        let Self { all, numbers, last } = self;
        if all.get(*last) != Some(&kind) {
            *last = *numbers.entry(kind).or_insert_with_key(|kind| {
                all.push(kind.clone());
                all.len() - 1
            });
        }
        *last
    }

    pub(super) fn get(&self, number: usize) -> &Kind {
        &self.all[number]
    }
}
