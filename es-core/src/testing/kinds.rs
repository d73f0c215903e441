//! `kinds`: which events, in which versions and formats, a journal holds.

use std::collections::BTreeMap;
use std::fmt;

use crate::event::Position;
use crate::journal::{Filter, Journal, JournalError, PageSize, wait_for_all};

/// The events of one kind in a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedKind {
    /// The name of the aggregate.
    pub aggregate: String,
    /// The name of the event.
    pub name: String,
    /// The version of its shape.
    pub version: u32,
    /// The format of its payload.
    pub format: String,
    /// How many there are.
    pub events: u64,
    /// The position of the first of them.
    pub first: Position,
    /// The position of the last of them.
    pub last: Position,
}

impl fmt::Display for RecordedKind {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { aggregate, name, version, format, events, first, last } = self;
        write!(f, "{events} x `{name}` version {version} of `{aggregate}` in {format}, positions {first} to {last}")
    }
}

/// Counts the events of each kind in a journal, sorted by aggregate, name, version and format: so it is seen whether it
/// still holds an old version, and where.
///
/// Reads the whole journal, page by page.
///
/// # Errors
///
/// A [`JournalError`] when the journal cannot be read; [`JournalError::Busy`] when a transaction holds back some of its
/// events for longer than 10 seconds.
pub async fn kinds(journal: &impl Journal) -> Result<Vec<RecordedKind>, JournalError> {
    let mut kinds = BTreeMap::<_, RecordedKind>::new();
    wait_for_all(journal).await?;
    let mut after = Position::START;
    loop {
        let page = journal.read_all(after, &Filter::all(), PageSize::default()).await?;
        for raw in &page {
            let (aggregate, name, format) = (raw.stream.aggregate(), raw.name, raw.payload.format);
            let key = (aggregate.to_owned(), name.to_owned(), raw.event_version, format.to_owned());
            let kind = kinds.entry(key).or_insert_with(|| RecordedKind {
                aggregate: aggregate.to_owned(),
                name: name.to_owned(),
                version: raw.event_version,
                format: format.to_owned(),
                events: 0,
                first: raw.position,
                last: raw.position,
            });
            kind.events += 1;
            kind.last = raw.position;
        }
        if !page.more() && page.next() == after {
            return Ok(kinds.into_values().collect());
        }
        after = page.next();
    }
}
