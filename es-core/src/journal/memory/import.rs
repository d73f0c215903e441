//! Takes over the events of another journal into a `MemoryStore`.

use std::sync::Arc;

use super::MemoryStore;
use super::kinds::Kind;
use super::state::{New, State};
use crate::event::Position;
use crate::journal::{AppendError, ImportJournal, Imported, Page, RawEvent};

impl ImportJournal for MemoryStore {
    async fn import(&self, events: Arc<Page>) -> Result<Imported, AppendError> {
        let parts = events.import_parts()?;
        let mut state = self.state();
        if let Some(position) = state.imported_before(&events)? {
            return Ok(Imported { position, repeated: true });
        }
        for part in parts {
            let (version, recorded_at) = state.last_of(part.stream);
            part.check(version, recorded_at)?;
        }
        for event in &*events {
            let RawEvent { id, name, event_version, payload, recorded_at, metadata, .. } = event;
            let (name, format) = (name.to_owned().into(), payload.format.to_owned().into());
            let kind = Kind { name, version: event_version, format };
            let stream = state.stream_number(event.stream);
            state.write_event(stream, New { id, kind, payload: payload.bytes, recorded_at, metadata });
        }
        let position = if events.is_empty() { Position::START } else { state.head() };
        self.wake(state);
        Ok(Imported { position, repeated: false })
    }
}

impl State {
    /// The position of the last event of a page, if all of them are there already.
    fn imported_before(&self, page: &Page) -> Result<Option<Position>, AppendError> {
        let Some(first) = page.iter().find(|event| self.by_id(event.id).is_some()) else { return Ok(None) };
        let duplicate =
            |event: RawEvent<'_>| AppendError::DuplicateEvent { stream: event.stream.clone(), id: event.id };
        let mut last = Position::START;
        for event in page {
            let stored = self.by_id(event.id).ok_or_else(|| duplicate(first))?;
            if (stored.stream, stored.version) != (event.stream, event.version) {
                return Err(duplicate(event));
            }
            last = last.max(stored.position);
        }
        Ok(Some(last))
    }
}
