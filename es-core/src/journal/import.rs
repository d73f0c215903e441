//! Taking over the events of another journal, with the ids, versions and times that they have there.

use std::future::Future;
use std::sync::Arc;

use super::{AppendError, Journal, Page, RawEvent};
use crate::event::{Position, StreamId, Timestamp};
use crate::hash::{Map, Set};

/// A journal that can take over events from another one.
///
/// It is what [`JournalCopy`](crate::JournalCopy) writes to, and nothing for a program's own events: these are
/// [appended](Journal::append), so that the journal gives them their versions and times.
pub trait ImportJournal: Journal {
    /// Writes the events of a page in their order, with the ids, versions, times and metadata that they have in it: all
    /// of them or none. Only their positions are this journal's own.
    ///
    /// Each event has to be the next one of its stream. Events that are all there already, with these ids, versions and
    /// streams, are not written again ([`Imported::repeated`]): an import whose answer got lost can be tried once more.
    /// Views that change along with appends see the events too, and whoever waits is woken.
    ///
    /// # Errors
    ///
    /// - [`AppendError::Conflict`] when an event is not the next one of its stream;
    /// - [`AppendError::DuplicateEvent`] when some of the events are there already, but not all, or elsewhere;
    /// - [`AppendError::Invalid`] and [`AppendError::TooLarge`] as [`Page::import_parts`] says, and when an event is older than
    ///   the one before it in its stream;
    /// - [`AppendError::Unknown`] when the answer got lost: import the same events again to find out.
    fn import(&self, events: Arc<Page>) -> impl Future<Output = Result<Imported, AppendError>> + Send;
}

/// The answer to an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The position of the last event; [`Position::START`] for a page without events.
    pub position: Position,
    /// Whether the events had been there before, from an earlier try.
    pub repeated: bool,
}

/// What a page has for one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportPart<'a> {
    /// The stream.
    pub stream: &'a StreamId,
    /// The version of its first event in the page.
    pub first_version: u64,
    /// The version of its last event in the page.
    pub last_version: u64,
    /// When its first event in the page was recorded.
    pub first_recorded_at: Timestamp,
    /// When its last event in the page was recorded.
    pub last_recorded_at: Timestamp,
}

impl ImportPart<'_> {
    /// Checks that the events can follow the last one that the stream has: its version, 0 where there is none, and when it
    /// was recorded.
    ///
    /// # Errors
    ///
    /// [`AppendError::Conflict`] and [`AppendError::Invalid`].
    pub fn check(&self, version: u64, recorded_at: Timestamp) -> Result<(), AppendError> {
        let before = self.first_version - 1;
        if version != before {
            let expected = super::ExpectedVersion::Exact(before);
            return Err(AppendError::Conflict { stream: self.stream.clone(), expected, actual: version });
        }
        if version > 0 && self.first_recorded_at < recorded_at {
            return Err(goes_back(self.stream, self.first_version));
        }
        Ok(())
    }
}

impl Page {
    /// For stores that [import](ImportJournal::import): checks all that can be checked without looking at the journal, and
    /// gives what the page has for each stream, in the order in which they first occur.
    ///
    /// # Errors
    ///
    /// [`AppendError::TooLarge`] and [`AppendError::Invalid`] for an event over the [`limits`](super::limits), for an id that
    /// stands twice, and for versions of a stream that have a gap or times that go back.
    pub fn import_parts(&self) -> Result<Vec<ImportPart<'_>>, AppendError> {
        let mut parts: Vec<ImportPart<'_>> = Vec::new();
        let mut indexes: Map<&StreamId, usize> = Map::default();
        let mut ids = Set::default();
        ids.reserve(self.len());
        for event in self {
            super::append::check_event(&event)?;
            if !ids.insert(event.id) {
                return Err(invalid(event.stream, format!("the event id {} stands twice in one import", event.id)));
            }
            let index = *indexes.entry(event.stream).or_insert(parts.len());
            match parts.get_mut(index) {
                Some(part) => part.add(&event)?,
                None => parts.push(ImportPart::new(&event)?),
            }
        }
        Ok(parts)
    }
}

impl<'a> ImportPart<'a> {
    fn new(event: &RawEvent<'a>) -> Result<Self, AppendError> {
        if event.version == 0 {
            return Err(invalid(event.stream, "an event has version 0 in its stream; versions start at 1".to_owned()));
        }
        Ok(Self {
            stream: event.stream,
            first_version: event.version,
            last_version: event.version,
            first_recorded_at: event.recorded_at,
            last_recorded_at: event.recorded_at,
        })
    }

    fn add(&mut self, event: &RawEvent<'_>) -> Result<(), AppendError> {
        if self.last_version.checked_add(1) != Some(event.version) {
            let reason = format!("version {} follows version {} in an import", event.version, self.last_version);
            return Err(invalid(event.stream, reason));
        }
        if event.recorded_at < self.last_recorded_at {
            return Err(goes_back(event.stream, event.version));
        }
        self.last_version = event.version;
        self.last_recorded_at = event.recorded_at;
        Ok(())
    }
}

fn goes_back(stream: &StreamId, version: u64) -> AppendError {
    invalid(stream, format!("version {version} was recorded earlier than the version before it"))
}

fn invalid(stream: &StreamId, reason: String) -> AppendError {
    AppendError::Invalid { stream: stream.clone(), reason }
}
