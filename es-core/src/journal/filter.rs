//! Which events of the journal a reader wants.

use std::collections::{BTreeMap, BTreeSet};

use super::Slices;
use crate::event::StreamId;

/// Lets events through by the name of their aggregate and their own name, and by the slice of their stream.
///
/// ```
/// use es_core::Filter;
///
/// let filter = Filter::none().aggregate("loan").event("account", "opened");
/// assert!(filter.lets_through("loan", "decided"));
/// assert!(filter.lets_through("account", "opened"));
/// assert!(!filter.lets_through("account", "closed"));
/// assert!(Filter::all().lets_through("account", "closed"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// `None` lets everything through.
    aggregates: Option<BTreeMap<String, Names>>,
    slices: Slices,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Names {
    All,
    These(BTreeSet<String>),
}

impl Filter {
    /// Lets every event through.
    pub const fn all() -> Self {
        Self { aggregates: None, slices: Slices::ALL }
    }

    /// Lets no event through: the start for [`aggregate`](Self::aggregate) and [`event`](Self::event).
    pub const fn none() -> Self {
        Self { aggregates: Some(BTreeMap::new()), slices: Slices::ALL }
    }

    /// Lets all events of an aggregate through too.
    #[must_use]
    pub fn aggregate(mut self, aggregate: impl Into<String>) -> Self {
        if let Some(aggregates) = &mut self.aggregates {
            aggregates.insert(aggregate.into(), Names::All);
        }
        self
    }

    /// Lets the events of an aggregate that have this name in the journal through too.
    #[must_use]
    pub fn event(mut self, aggregate: impl Into<String>, name: impl Into<String>) -> Self {
        if let Some(aggregates) = &mut self.aggregates {
            let names = aggregates.entry(aggregate.into()).or_insert_with(|| Names::These(BTreeSet::new()));
            if let Names::These(names) = names {
                names.insert(name.into());
            }
        }
        self
    }

    /// Lets only streams in these slices through, in place of all.
    #[must_use]
    pub const fn of_slices(mut self, slices: Slices) -> Self {
        self.slices = slices;
        self
    }

    /// The slices whose streams pass.
    pub const fn slices(&self) -> Slices {
        self.slices
    }

    /// Whether every event passes.
    pub const fn is_all(&self) -> bool {
        self.aggregates.is_none() && self.slices.is_all()
    }

    /// Whether an event of this name passes that is in this stream.
    pub fn lets_through_event(&self, stream: &StreamId, name: &str) -> bool {
        self.lets_through_stream(stream) && self.lets_through(stream.aggregate(), name)
    }

    /// Whether the stream is in one of the slices that pass.
    pub fn lets_through_stream(&self, stream: &StreamId) -> bool {
        self.slices.is_all() || self.slices.contains(stream.slice())
    }

    /// Whether an event may pass that has this name, of an aggregate of that name: in the streams that
    /// [pass](Self::lets_through_stream) it does.
    pub fn lets_through(&self, aggregate: &str, name: &str) -> bool {
        let Some(aggregates) = &self.aggregates else { return true };
        match aggregates.get(aggregate) {
            None => false,
            Some(Names::All) => true,
            Some(Names::These(names)) => names.contains(name),
        }
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self::all()
    }
}
