//! Which events of the journal a reader wants.

use std::collections::{BTreeMap, BTreeSet};

/// Lets events through by the name of their aggregate and their own name.
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
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Names {
    All,
    These(BTreeSet<String>),
}

impl Filter {
    /// Lets every event through.
    pub const fn all() -> Self {
        Self { aggregates: None }
    }

    /// Lets no event through: the start for [`aggregate`](Self::aggregate) and [`event`](Self::event).
    pub const fn none() -> Self {
        Self { aggregates: Some(BTreeMap::new()) }
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

    /// Whether every event passes.
    pub const fn is_all(&self) -> bool {
        self.aggregates.is_none()
    }

    /// Whether an event passes that has this name, of an aggregate of that name.
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
