//! One import within the transaction that is open.

use std::collections::HashMap;

use es_core::{AppendError, Imported, Page, Position, RawEvent};
use rusqlite::Connection;

use super::append::{Open, Trouble};
use super::heads::{Heads, StreamHead};
use super::insert::Row;
use crate::place::Failure;
use crate::reader::stream_no;

impl Open<'_> {
    /// Writes the events of a page as they are, unless they were written before.
    pub(super) fn import(&mut self, page: &Page) -> Result<Imported, Trouble> {
        let parts = page.import_parts().map_err(Trouble::Refused)?;
        if let Some(imported) = imported_before(self.db, self.heads, page)? {
            return Ok(imported);
        }
        let mut heads = Vec::with_capacity(parts.len());
        for part in &parts {
            let head = self.heads.stream(self.db, part.stream)?;
            part.check(head.version, head.recorded_at).map_err(Trouble::Refused)?;
            heads.push(head);
        }
        let mut numbers = HashMap::with_capacity(parts.len());
        for (part, head) in parts.iter().zip(heads) {
            let no = self.heads.stream_no(self.db, part.stream, head)?;
            let head = StreamHead { no: Some(no), version: part.last_version, recorded_at: part.last_recorded_at };
            self.heads.set_stream(part.stream, head);
            numbers.insert(part.stream, no);
        }
        let mut position = self.heads.last_position(self.db)?;
        for (event, left) in page.iter().zip((1..=page.len()).rev()) {
            let Some(&stream) = numbers.get(event.stream) else {
                let what = format!("`{}` is in a page and not among its streams", event.stream);
                return Err(Failure::Damaged { position: None, what }.into());
            };
            position += 1;
            let row = Row { position, stream, version: event.version, recorded_at: event.recorded_at };
            let (aggregate, format) = (event.stream.aggregate(), event.payload.format);
            let kind = self.heads.kind(self.db, aggregate, event.name, event.event_version, format)?;
            self.insert.run(row, kind, event.id, event.payload, event.metadata, left)?;
            self.heads.ids(self.db)?.note(position, event.id, event.metadata.command_id);
        }
        self.heads.set_last_position(self.db, position)?;
        let position = if page.is_empty() { Position::START } else { Position::new(position) };
        Ok(Imported { position, repeated: false })
    }
}

/// Where the last event of a page is, if all of them are there already.
fn imported_before(db: &Connection, heads: &mut Heads, page: &Page) -> Result<Option<Imported>, Trouble> {
    let (mut position, mut known, mut unknown) = (0, None, false);
    for event in page {
        let Some(found) = heads.ids(db)?.find(db, event.id)? else {
            unknown = true;
            continue;
        };
        if found.version != event.version || Some(found.stream) != stream_no(db, event.stream)? {
            return Err(duplicate(event));
        }
        position = position.max(found.position);
        known = known.or(Some(event));
    }
    match known {
        None => Ok(None),
        Some(_) if !unknown => Ok(Some(Imported { position: Position::new(position), repeated: true })),
        Some(event) => Err(duplicate(event)),
    }
}

fn duplicate(event: RawEvent<'_>) -> Trouble {
    Trouble::Refused(AppendError::DuplicateEvent { stream: event.stream.clone(), id: event.id })
}

/// The events of a page as they are in the journal now, where the last one has the position `last`.
pub(super) fn imported_events(page: &Page, last: Position) -> impl Iterator<Item = RawEvent<'_>> {
    let first = last.number.saturating_sub(page.len() as u64);
    page.iter().zip(first + 1..).map(|(event, number)| RawEvent { position: Position::new(number), ..event })
}
