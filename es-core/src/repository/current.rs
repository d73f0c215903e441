//! `Current`: a state on its way through the events of its stream.

use std::pin::pin;
use std::sync::Arc;

use crate::aggregate::{Aggregate, Events};
use crate::event::{EventId, Position, StreamId};
use crate::evolution::{DecodeError, UnreadableEvent};
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

/// Nothing else is done while the first page is read, so it is a small one.
const FIRST_PAGE: PageSize = PageSize::events(1_024);

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
        let page = journal.read_payloads(stream, self.version + 1..=to, FIRST_PAGE).await?;
        self.go_through(page, 0, journal, stream, to).await
    }

    /// Goes on as [`catch_up`](Self::catch_up) does if the stream has the event that this is the state after; `false`
    /// where it has not. One read tells both.
    pub(super) async fn catch_up_if_there(
        &mut self,
        journal: &impl Journal,
        stream: &StreamId,
        to: u64,
    ) -> Result<bool, LoadError> {
        let Some(last_event) = self.last_event else {
            self.catch_up(journal, stream, to).await?;
            return Ok(true);
        };
        // Payloads need not have the id of the event.
        let page = journal.read_stream(stream, self.version..=to, FIRST_PAGE).await?;
        let is_there = page.get(0).is_some_and(|first| first.version == self.version && first.id == last_event);
        if is_there {
            self.go_through(page, 1, journal, stream, to).await?;
        }
        Ok(is_there)
    }

    /// Goes through a page of the stream, of which so many events are in the state already, and those after it.
    async fn go_through(
        &mut self,
        mut page: Page,
        mut known: usize,
        journal: &impl Journal,
        stream: &StreamId,
        to: u64,
    ) -> Result<(), LoadError> {
        loop {
            let next = page.last().map(|last| last.version + 1).filter(|next| page.more() && *next <= to);
            let Some(next) = next else {
                return match self.apply_page(&page, known) {
                    Err(error) => Err(located(journal, error).await),
                    Ok(()) => Ok(()),
                };
            };
            // The store reads it while this one is applied.
            let mut following = pin!(journal.read_payloads(stream, next..=to, PageSize::default()));
            let read = begun(following.as_mut()).await;
            if let Err(error) = self.apply_page(&page, known) {
                return Err(located(journal, error).await);
            }
            page = match read {
                Some(read) => read?,
                None => following.await?,
            };
            known = 0;
        }
    }

    fn apply_page(&mut self, page: &Page, known: usize) -> Result<(), LoadError> {
        let events = page.iter_from(known);
        if events.len() == 0 {
            return Ok(());
        }
        let mut decoder = Decoder::new();
        let mut result = Ok(());
        let mut at = (self.version, self.position, self.last_event);
        self.change(|state| {
            for raw in events {
                result = follows(at.0, &raw).and_then(|()| decoder.apply(state, &raw));
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
#[inline]
fn follows(version: u64, raw: &RawEvent<'_>) -> Result<(), LoadError> {
    if raw.version == version + 1 { Ok(()) } else { Err(gap(version, *raw)) }
}

/// Takes a copy of the event: what is lent out only for this would keep each event from staying in registers.
#[cold]
fn gap(version: u64, raw: RawEvent<'_>) -> LoadError {
    LoadError::Journal(JournalError::Corrupt {
        store: "the journal".to_owned(),
        position: (raw.position != Position::START).then_some(raw.position),
        what: format!("event {} of `{}` follows event {version}", raw.version, raw.stream),
    })
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
        self.read(raw).map_err(|source| unreadable(*raw, source))
    }

    /// Decodes an event and applies it, where it lies: each move of it would take longer than the change that it makes.
    #[inline]
    fn apply<A: Aggregate>(&mut self, state: &mut A, raw: &RawEvent<'a>) -> Result<(), LoadError> {
        let read = self.read::<A>(raw);
        if let Ok(events) = &read {
            for event in events {
                state.apply_event(event);
            }
            return Ok(());
        }
        read.map(drop).map_err(|source| unreadable(*raw, source))
    }

    #[inline]
    fn read<A: Aggregate>(&mut self, raw: &RawEvent<'a>) -> Result<Events<A>, DecodeError> {
        let known = self.known.iter().find(|(name, _)| std::ptr::eq(*name, raw.name));
        let index = match known {
            Some((_, index)) => *index,
            None => A::resolve(raw.name).inspect(|index| self.known.push((raw.name, *index)))?,
        };
        A::decode_event(index, raw.event_version, &raw.payload)
    }
}

/// Takes a copy, as [`gap`] does.
#[cold]
fn unreadable(raw: RawEvent<'_>, source: DecodeError) -> LoadError {
    UnreadableEvent::new(raw.stream.clone(), raw.version, raw.position, source).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Payload;
    use crate::event::{NO_METADATA, Timestamp};

    #[test]
    fn a_gap_is_at_a_position_only_where_that_is_known() {
        let stream = StreamId::new("account", "alice").unwrap();
        let gap = |position| {
            let raw = RawEvent {
                id: EventId::new(),
                stream: &stream,
                version: 3,
                position,
                recorded_at: Timestamp::MIN,
                name: "increased",
                event_version: 1,
                payload: Payload { format: "json", bytes: b"{}" },
                metadata: &NO_METADATA,
            };
            assert!(follows(2, &raw).is_ok());
            follows(1, &raw).unwrap_err().to_string()
        };
        let known = "the journal is damaged at position 7: event 3 of `account/alice` follows event 1";
        assert_eq!(gap(Position::new(7)), known);
        assert_eq!(gap(Position::START), "the journal is damaged: event 3 of `account/alice` follows event 1");
    }
}
