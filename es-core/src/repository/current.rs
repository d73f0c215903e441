//! `Current`: a state on its way through the events of its stream.

use std::pin::pin;
use std::sync::Arc;

use crate::aggregate::{Aggregate, Events};
use crate::event::{EventId, Position, StreamId};
use crate::evolution::UnreadableEvent;
use crate::join::begun;
use crate::journal::{Journal, JournalError, Page, PageSize, RawEvent};

use super::LoadError;

/// The state of an aggregate after the event `version` of its stream.
pub(super) struct Current<A> {
    pub(super) state: Arc<A>,
    pub(super) version: u64,
    pub(super) position: Position,
    /// The id of the last event; `None` at version 0.
    pub(super) last_event: Option<EventId>,
}

impl<A> Clone for Current<A> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            version: self.version,
            position: self.position,
            last_event: self.last_event,
        }
    }
}

/// The most events of the first page.
const FIRST_PAGE: usize = 1_024;

impl<A: Aggregate> Current<A> {
    /// Before the first event.
    pub(super) fn initial() -> Self {
        Self { state: Arc::new(A::initial()), version: 0, position: Position::START, last_event: None }
    }

    /// Changes the state, in place where no one else holds it.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut A)) {
        if let Some(state) = Arc::get_mut(&mut self.state) {
            change(state);
        } else {
            let mut state = self.state.copy();
            change(&mut state);
            self.state = Arc::new(state);
        }
    }

    /// Goes on to the event `to` of the stream, or to the last one where the stream ends before.
    pub(super) async fn catch_up(
        &mut self,
        journal: &impl Journal,
        stream: &StreamId,
        to: u64,
    ) -> Result<(), LoadError> {
        if self.version >= to {
            return Ok(());
        }
        let read = |from, size| journal.read_payloads(stream, from..=to, size);
        // Nothing else is done while the first page is read, so it is a small one.
        let mut page = read(self.version + 1, PageSize::events(FIRST_PAGE)).await?;
        loop {
            let next = page.last().map(|last| last.version + 1).filter(|next| page.more() && *next <= to);
            let Some(next) = next else {
                return match self.apply_page(&page) {
                    Err(error) => Err(located(journal, error).await),
                    Ok(()) => Ok(()),
                };
            };
            // The store reads it while this one is applied.
            let mut following = pin!(read(next, PageSize::default()));
            let read = begun(following.as_mut()).await;
            if let Err(error) = self.apply_page(&page) {
                return Err(located(journal, error).await);
            }
            page = match read {
                Some(read) => read?,
                None => following.await?,
            };
        }
    }

    fn apply_page(&mut self, page: &Page) -> Result<(), LoadError> {
        if page.is_empty() {
            return Ok(());
        }
        let mut decoder = Decoder::new();
        let mut result = Ok(());
        let mut at = (self.version, self.position, self.last_event);
        self.change(|state| {
            for raw in page {
                result = follows(at.0, &raw).and_then(|()| {
                    for event in &decoder.decode::<A>(&raw)? {
                        state.apply_event(event);
                    }
                    Ok(())
                });
                if result.is_err() {
                    break;
                }
                at = (raw.version, raw.position, Some(raw.id));
            }
        });
        (self.version, self.position, self.last_event) = at;
        result
    }
}

/// Finds out where the event is that cannot be read: payloads need not say it.
async fn located(journal: &impl Journal, error: LoadError) -> LoadError {
    let LoadError::Decode(mut unreadable) = error else { return error };
    if unreadable.position == Position::START {
        let versions = unreadable.version..=unreadable.version;
        match journal.read_stream(&unreadable.stream, versions, PageSize::events(1)).await {
            Ok(page) => unreadable.position = page.last().map_or(Position::START, |raw| raw.position),
            Err(error) => return error.into(),
        }
    }
    LoadError::Decode(unreadable)
}

/// Checks that no event is missing before `raw`: a state that leaves one out would be wrong in silence.
fn follows(version: u64, raw: &RawEvent<'_>) -> Result<(), LoadError> {
    if raw.version == version + 1 {
        return Ok(());
    }
    Err(LoadError::Journal(JournalError::Corrupt {
        store: "the journal".to_owned(),
        position: Some(raw.position),
        what: format!("event {} of `{}` follows event {version}", raw.version, raw.stream),
    }))
}

/// Decodes events of a page one after the other; finds the event of a name once.
pub(super) struct Decoder<'a> {
    /// Each name with the index of its event, known by where it stands: a page has a name once for each kind of event.
    known: Vec<(&'a str, usize)>,
}

impl<'a> Decoder<'a> {
    pub(super) const fn new() -> Self {
        Self { known: Vec::new() }
    }

    pub(super) fn decode<A: Aggregate>(&mut self, raw: &RawEvent<'a>) -> Result<Events<A>, LoadError> {
        let known = self.known.iter().find(|(name, _)| std::ptr::eq(*name, raw.name));
        let index = match known {
            Some((_, index)) => Ok(*index),
            None => A::resolve(raw.name).inspect(|index| self.known.push((raw.name, *index))),
        };
        index
            .and_then(|index| A::decode_event(index, raw.event_version, raw.payload))
            .map_err(|source| UnreadableEvent::new(raw.stream.clone(), raw.version, raw.position, source).into())
    }
}
