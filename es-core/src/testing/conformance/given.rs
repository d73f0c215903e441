//! What the points write: streams, events, appends, and random numbers from a printed seed.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::event::{CommandId, EventId, Metadata, StreamId};
use crate::journal::{Append, AppendError, Appended, ExpectedVersion, Journal, NewEvent, StreamAppend};

/// The stream of an account.
pub(super) fn account(id: &str) -> StreamId {
    stream("account", id)
}

pub(super) fn stream(aggregate: &str, id: &str) -> StreamId {
    StreamId::new(aggregate, id).expect("a stream that can be")
}

/// An event that says which one it is.
pub(super) fn event(number: u64) -> NewEvent {
    NewEvent {
        id: EventId::new(),
        name: "noted".into(),
        version: 1,
        format: "json".into(),
        payload: format!(r#"{{"number":{number}}}"#).into_bytes(),
        metadata: Arc::default(),
    }
}

/// Events that say which ones they are, from 1.
pub(super) fn events(count: u64) -> Vec<NewEvent> {
    (1..=count).map(event).collect()
}

/// An event of a format that is not JSON.
pub(super) fn bytes(payload: Vec<u8>) -> NewEvent {
    NewEvent { format: "bytes".into(), payload, ..event(0) }
}

pub(super) fn named(name: &str) -> NewEvent {
    NewEvent { name: name.to_owned().into(), ..event(0) }
}

/// The same event, of a command.
pub(super) fn of_command(command: CommandId, event: NewEvent) -> NewEvent {
    let metadata = Metadata { command_id: Some(command), ..Metadata::clone(&event.metadata) };
    NewEvent { metadata: metadata.into(), ..event }
}

pub(super) fn part(stream: &StreamId, expected: ExpectedVersion, events: Vec<NewEvent>) -> StreamAppend {
    StreamAppend { stream: stream.clone(), expected, events }
}

pub(super) fn to(stream: &StreamId, expected: ExpectedVersion, events: Vec<NewEvent>) -> Append {
    Append::to_stream(stream.clone(), expected, events)
}

/// Appends to one stream, whatever its version is.
pub(super) async fn append<J: Journal>(journal: &J, stream: &StreamId, events: Vec<NewEvent>) -> Appended {
    accepted(journal, to(stream, ExpectedVersion::Any, events)).await
}

/// Appends what must be written.
pub(super) async fn accepted<J: Journal>(journal: &J, append: Append) -> Appended {
    let streams: Vec<_> = append.streams.iter().map(|part| part.stream.to_string()).collect();
    match journal.append(append).await {
        Ok(appended) => appended,
        Err(error) => panic!("an append to {streams:?} failed: {error}"),
    }
}

/// Appends what must not be written, and checks that nothing of it is.
pub(super) async fn refused<J: Journal>(journal: &J, append: Append) -> AppendError {
    let before = super::seen::all(journal).await;
    let streams: Vec<_> = append.streams.iter().map(|part| part.stream.clone()).collect();
    let error = match journal.append(append).await {
        Ok(appended) => panic!("an append to {streams:?} should have been refused: {appended:?}"),
        Err(error) => error,
    };
    assert_eq!(super::seen::all(journal).await, before, "an append that was refused left something: {error}");
    for stream in streams {
        let there = before.iter().filter(|seen| seen.stream == stream).count() as u64;
        assert_eq!(journal.version(&stream).await.unwrap(), there, "an append that was refused counts: {error}");
    }
    error
}

/// Numbers that look random, and are the same for the same seed (`SplitMix64`).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where `end` is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// The same, for lengths.
    pub(super) fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap_or(0)
    }

    /// Whether it is one of `percent` in a hundred.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.index(among.len())]
    }
}

/// The seed of a random point: `ES_SEED`, or another one each time.
pub(super) fn seed() -> u64 {
    match std::env::var("ES_SEED") {
        Ok(seed) => seed.parse().expect("ES_SEED is a number"),
        Err(_) => {
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() % 1_000_000_000 * 1_000)
        }
    }
}

/// Writes to some streams of some aggregates in turn, one to five events at a time, and gives all that was written.
pub(super) async fn mixed<J: Journal>(journal: &J, random: &mut Random, appends: u64) -> Vec<(StreamId, NewEvent)> {
    // Names that a filter which takes them for patterns, or folds them, would take for one another.
    let aggregates = ["account", "Account", "acco_nt", "accounts", "loan"];
    let names = ["opened", "Opened", "o_ened", "o%", "opened.v2"];
    let mut written = Vec::new();
    for number in 0..appends {
        let stream = stream(aggregates[random.index(5)], ["a", "b", "c"][random.index(3)]);
        let events: Vec<_> =
            (0..=random.below(5)).map(|_| NewEvent { name: names[random.index(5)].into(), ..event(number) }).collect();
        written.extend(events.iter().map(|event| (stream.clone(), event.clone())));
        append(journal, &stream, events).await;
    }
    written
}
