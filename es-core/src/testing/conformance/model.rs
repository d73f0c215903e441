//! `Model`: a journal and its snapshots as plain lists, as simple as can be, to compare stores with.

use std::ops::RangeInclusive;

use super::seen::Seen;
use crate::event::{CommandId, EventId, Position, StreamId, Timestamp};
use crate::journal::{Append, Filter};
use crate::snapshot::Snapshot;

#[derive(Default)]
pub(super) struct Model {
    /// In the order of the journal.
    pub(super) events: Vec<Seen>,
    snapshots: Vec<Snapshot>,
}

/// What an append comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is written.
    Written,
    /// It was written before.
    Repeated,
    /// It is refused: streams with another version than expected, and ids that are in the journal already.
    Refused { conflicts: Vec<StreamId>, doubles: Vec<EventId> },
}

impl Model {
    pub(super) fn verdict(&self, append: &Append) -> Verdict {
        let given: Vec<EventId> = append.streams.iter().flat_map(|part| &part.events).map(|event| event.id).collect();
        let doubles: Vec<EventId> = given.iter().filter(|id| self.event(**id).is_some()).copied().collect();
        let conflicts: Vec<StreamId> = append
            .streams
            .iter()
            .filter(|part| !part.expected.allows(self.version(&part.stream)))
            .map(|part| part.stream.clone())
            .collect();
        if !doubles.is_empty() && doubles.len() == given.len() && self.is_as_written(append) {
            Verdict::Repeated
        } else if doubles.is_empty() && conflicts.is_empty() {
            Verdict::Written
        } else {
            Verdict::Refused { conflicts, doubles }
        }
    }

    /// Whether each event of an append is in its stream, one after the other.
    fn is_as_written(&self, append: &Append) -> bool {
        append.streams.iter().all(|part| {
            let found: Vec<&Seen> = part.events.iter().filter_map(|event| self.event(event.id)).collect();
            found.iter().all(|seen| seen.stream == part.stream)
                && found.windows(2).all(|pair| pair[0].version + 1 == pair[1].version)
        })
    }

    pub(super) fn event(&self, id: EventId) -> Option<&Seen> {
        self.events.iter().find(|seen| seen.event.id == id)
    }

    pub(super) fn stream(&self, stream: &StreamId, versions: &RangeInclusive<u64>) -> Vec<Seen> {
        let of_it = self.events.iter().filter(|seen| seen.stream == *stream && versions.contains(&seen.version));
        of_it.cloned().collect()
    }

    pub(super) fn after(&self, after: Position, filter: &Filter) -> Vec<Seen> {
        let rest = self.events.iter().filter(|seen| seen.position > after);
        rest.filter(|seen| filter.lets_through_event(&seen.stream, &seen.event.name)).cloned().collect()
    }

    pub(super) fn version(&self, stream: &StreamId) -> u64 {
        self.version_at(stream, Timestamp::MAX)
    }

    pub(super) fn version_at(&self, stream: &StreamId, time: Timestamp) -> u64 {
        self.events.iter().filter(|seen| seen.stream == *stream && seen.recorded_at <= time).count() as u64
    }

    pub(super) fn command(&self, stream: &StreamId, id: CommandId) -> Option<RangeInclusive<u64>> {
        let is_of_it = |seen: &&Seen| seen.stream == *stream && seen.event.metadata.command_id == Some(id);
        let first = self.events.iter().find(is_of_it)?;
        let last = self.events.iter().rfind(is_of_it)?;
        Some(first.version..=last.version)
    }

    pub(super) fn save_snapshot(&mut self, snapshot: Snapshot) {
        self.delete_snapshots(&snapshot.stream, &(snapshot.version..=snapshot.version));
        self.snapshots.push(snapshot);
    }

    pub(super) fn snapshot(&self, stream: &StreamId, up_to: u64, format: &str) -> Option<&Snapshot> {
        let of_it = self.snapshots.iter().filter(|kept| kept.stream == *stream && kept.format == format);
        of_it.filter(|kept| kept.version <= up_to).max_by_key(|kept| kept.version)
    }

    pub(super) fn keep_snapshots(&mut self, stream: &StreamId, keep: u32) {
        let versions = self.snapshots.iter().filter(|kept| kept.stream == *stream).map(|kept| kept.version);
        let mut versions: Vec<u64> = versions.collect();
        versions.sort_unstable();
        for _ in 0..keep {
            versions.pop();
        }
        if let Some(newest) = versions.last() {
            self.delete_snapshots(stream, &(0..=*newest));
        }
    }

    pub(super) fn delete_snapshots(&mut self, stream: &StreamId, versions: &RangeInclusive<u64>) {
        self.snapshots.retain(|kept| kept.stream != *stream || !versions.contains(&kept.version));
    }
}
