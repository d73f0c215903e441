//! One append within the transaction that is open.

use es_core::{Append, AppendError, Appended, AppendedStream, Clock, Payload, Position, StreamAppend, Timestamp};
use rusqlite::Connection;

use super::heads::{Heads, StreamHead};
use super::insert::{EventInsert, Row};
use super::repeated::repeated;
use crate::place::Failure;

/// How an append ended within its transaction.
pub(super) type Wrote = Result<Appended, Trouble>;

/// Why an append was not written.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is refused; nothing of it was written.
    Refused(AppendError),
    /// It failed, and some of it may have been written: the transaction is to be rolled back.
    Broken(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Broken(failure)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error.into())
    }
}

/// The transaction that is open.
pub(super) struct Open<'a> {
    pub(super) db: &'a Connection,
    pub(super) heads: &'a mut Heads,
    pub(super) clock: &'a dyn Clock,
    pub(super) insert: EventInsert<'a>,
}

impl Open<'_> {
    /// Writes an append, unless it was written before.
    pub(super) fn append(&mut self, append: &Append) -> Wrote {
        if let Some(appended) = repeated(self.db, self.heads, append)? {
            return Ok(appended);
        }
        let mut recorded_at = self.clock.now();
        let mut heads = Vec::with_capacity(append.streams.len());
        for StreamAppend { stream, expected, events } in &append.streams {
            let head = self.heads.stream(self.db, stream)?;
            if !expected.allows(head.version) {
                let conflict =
                    AppendError::Conflict { stream: stream.clone(), expected: *expected, actual: head.version };
                return Err(Trouble::Refused(conflict));
            }
            if !events.is_empty() {
                recorded_at = recorded_at.max(head.recorded_at);
            }
            heads.push(head);
        }
        let mut streams = Vec::with_capacity(append.streams.len());
        for (part, head) in append.streams.iter().zip(heads) {
            streams.push(self.append_to_stream(part, head, recorded_at)?);
        }
        let position = streams.iter().map(|stream| stream.position).max().unwrap_or_default();
        Ok(Appended { streams, position, recorded_at, repeated: false })
    }

    /// Writes what an append has for one stream, whose end is `head`.
    fn append_to_stream(
        &mut self,
        append: &StreamAppend,
        head: StreamHead,
        recorded_at: Timestamp,
    ) -> Result<AppendedStream, Trouble> {
        let StreamAppend { stream, events, .. } = append;
        if events.is_empty() {
            return Ok(AppendedStream { versions: None, position: Position::START });
        }
        let no = self.heads.stream_no(self.db, stream, head)?;
        let position = self.heads.last_position(self.db)?;
        let mut row = Row { position, stream: no, version: head.version, recorded_at };
        for (event, left) in events.iter().zip((1..=events.len()).rev()) {
            row.version += 1;
            row.position += 1;
            let kind = self.heads.kind(self.db, stream.aggregate(), &event.name, event.version, &event.format)?;
            let payload = Payload { format: &event.format, bytes: &event.payload };
            self.insert.run(row, kind, event.id, payload, &event.metadata, left)?;
            self.heads.ids(self.db)?.note(row.position, event.id, event.metadata.command_id);
        }
        self.heads.set_last_position(self.db, row.position)?;
        self.heads.set_stream(stream, StreamHead { no: Some(no), version: row.version, recorded_at });
        Ok(AppendedStream { versions: Some(head.version + 1..=row.version), position: Position::new(row.position) })
    }
}
