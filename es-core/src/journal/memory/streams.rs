//! `Streams`: what a `MemoryStore` knows of each stream.

use crate::event::{StreamId, Timestamp};
use crate::hash::Map;

/// Streams by their numbers.
#[derive(Debug, Default)]
pub(super) struct Streams {
    all: Vec<Stream>,
    numbers: Map<StreamId, usize>,
    /// The one that was looked at last: it is written to next.
    last: usize,
}

/// A stream that has events.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: StreamId,
    /// Where its events are in the journal: that of version `v` at `v - 1`.
    pub(super) indexes: Vec<usize>,
    /// When the last of them was recorded.
    pub(super) recorded_at: Timestamp,
}

impl Streams {
    /// The number of a stream that has events.
    pub(super) fn find(&self, id: &StreamId) -> Option<usize> {
        self.numbers.get(id).copied()
    }

    /// The stream, if it has events; to be written to, perhaps.
    pub(super) fn look_at(&mut self, id: &StreamId) -> Option<&Stream> {
        self.last = self.find(id)?;
        self.all.get(self.last)
    }

    /// The number of a stream, given to it when it gets its first event.
    pub(super) fn number(&mut self, id: &StreamId) -> usize {
        if self.all.get(self.last).is_some_and(|stream| stream.id == *id) {
            return self.last;
        }
        self.last = self.find(id).unwrap_or_else(|| {
            self.all.push(Stream { id: id.clone(), indexes: Vec::new(), recorded_at: Timestamp::MIN });
            self.numbers.insert(id.clone(), self.all.len() - 1);
            self.all.len() - 1
        });
        self.last
    }

    pub(super) fn get(&self, number: usize) -> &Stream {
        &self.all[number]
    }

    pub(super) fn get_mut(&mut self, number: usize) -> &mut Stream {
        &mut self.all[number]
    }

    /// A stream by its name.
    pub(super) fn by_id(&self, id: &StreamId) -> Option<&Stream> {
        self.find(id).map(|number| self.get(number))
    }
}
