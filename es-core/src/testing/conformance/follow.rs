//! G3: a reader that follows sees each event once, whatever the writers do.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

use super::given::{Random, event, part, seed, stream};
use super::harness::{Harness, did, joined, open_twice, soak};
use crate::event::{EventId, Position, StreamId};
use crate::journal::{Append, AppendError, ExpectedVersion, Filter, Journal, NewEvent, Page, PageSize};

const WRITERS: u64 = 16;
const EVENTS: u64 = 20_000;

/// What a reader has seen, with the checks that do not wait for the end.
#[derive(Default)]
struct Follower {
    passed: Position,
    versions: HashMap<StreamId, u64>,
    seen: Vec<(Position, EventId)>,
}

impl Follower {
    fn take(&mut self, page: &Page) {
        for event in page {
            let position = event.position;
            assert!(position > self.passed, "an event at {position}, which the reader had passed: at {}", self.passed);
            self.passed = position;
            let version = self.versions.entry(event.stream.clone()).or_default();
            let expected = *version + 1;
            assert_eq!(event.version, expected, "the reader skipped or repeated an event of `{}`", event.stream);
            *version = expected;
            self.seen.push((position, event.id));
        }
        self.passed = self.passed.max(page.next());
    }
}

/// Follows until it is past the position that `end` gives in the end.
async fn follow<J: Journal>(
    journal: J,
    filter: Filter,
    size: PageSize,
    mut end: watch::Receiver<Option<Position>>,
) -> Vec<(Position, EventId)> {
    let mut follower = Follower::default();
    loop {
        let before = follower.passed;
        let page = journal.read_all(before, &filter, size).await.expect("the journal reads");
        follower.take(&page);
        if page.more() {
            assert!(follower.passed > before, "a page after {before} says that there is more, and makes no progress");
        } else if end.borrow_and_update().is_some_and(|end| follower.passed >= end) {
            return follower.seen;
        } else {
            tokio::select! {
                head = journal.wait(follower.passed) => {
                    let head = head.expect("the journal waits");
                    assert!(head > follower.passed, "a wait for more than {} gave {head}", follower.passed);
                }
                // The sender may be gone: then the end is known, and the wait above gives what is left.
                Ok(()) = end.changed() => {}
            }
        }
    }
}

/// Appends events to one or two streams at a time, and tries in vain in between.
async fn write<J: Journal>(journal: J, streams: Arc<Vec<StreamId>>, mut random: Random, count: u64) -> Vec<EventId> {
    let mut written = Vec::new();
    while (written.len() as u64) < count {
        let left = count - written.len() as u64;
        let first = random.index(streams.len());
        let second = (first + 1 + random.index(streams.len() - 1)) % streams.len();
        let events: Vec<NewEvent> = (0..=random.below(10)).take(usize::try_from(left).unwrap()).map(event).collect();
        let ids = events.iter().map(|event| event.id).collect::<Vec<_>>();
        let (of_first, of_second) = events.split_at(events.len() / 2);
        let append = Append {
            streams: vec![
                part(&streams[first], ExpectedVersion::Any, of_first.to_vec()),
                part(&streams[second], ExpectedVersion::Any, of_second.to_vec()),
            ],
        };
        if random.chance(10) {
            let mut in_vain = append.clone();
            in_vain.streams[1].expected = ExpectedVersion::Exact(u64::MAX >> 1);
            let answer = journal.append(in_vain).await;
            assert!(matches!(answer, Err(AppendError::Conflict { .. })), "{answer:?}");
        }
        super::given::accepted(&journal, append).await;
        written.extend(ids);
    }
    written
}

pub(super) async fn g03_readers_among_16_writers_see_each_event_once_and_never_at_a_position_they_have_passed<
    H: Harness,
>(
    place: H,
) {
    let count = if soak() { EVENTS * 10 } else { EVENTS };
    let seed = seed();
    let handles = open_twice(&place).await;
    let aggregates = ["account", "loan"];
    let streams: Vec<_> = (0..20).map(|number| stream(aggregates[number % 2], &number.to_string())).collect();
    let streams = Arc::new(streams);

    let (end, ended) = watch::channel(None);
    let loans = Filter::none().aggregate("loan");
    let readers = [
        (0, Filter::all(), PageSize::default()),
        (1, Filter::all(), PageSize::events(10)),
        (0, loans.clone(), PageSize::events(100)),
        (1, loans, PageSize::default()),
    ];
    let mut following = Vec::new();
    for (handle, filter, size) in readers.clone() {
        following.push(tokio::spawn(follow(handles[handle].clone(), filter, size, ended.clone())));
    }
    let holder = tokio::spawn({
        let journal = handles[0].clone();
        async move {
            loop {
                place.hold_open().await;
                let head = journal.head().await.expect("the journal has a head");
                journal.wait(head).await.expect("the journal waits");
            }
        }
    });
    let mut writing = Vec::new();
    for writer in 0..WRITERS {
        let journal = handles[usize::try_from(writer % 2).unwrap()].clone();
        let random = Random::new(seed + writer);
        writing.push(tokio::spawn(write(journal, Arc::clone(&streams), random, count / WRITERS)));
    }
    let mut written = Vec::new();
    for writer in writing {
        written.extend(joined(writer).await);
    }
    holder.abort();
    // Whatever was held open has ended before the head is taken.
    drop(holder.await);
    let last = super::seen::all(&handles[0]).await;
    end.send_replace(last.last().map(|seen| seen.position));

    let mut found: Vec<_> = last.iter().map(|seen| seen.event.id).collect();
    found.sort_unstable();
    written.sort_unstable();
    assert!(found == written, "seed {seed}: the journal has {} events of {}", found.len(), written.len());
    for (reader, (_, filter, _)) in following.into_iter().zip(readers) {
        let found = joined(reader).await;
        let expected: Vec<_> = last
            .iter()
            .filter(|seen| filter.lets_through_event(&seen.stream, &seen.event.name))
            .map(|seen| (seen.position, seen.event.id))
            .collect();
        assert!(found == expected, "seed {seed}: a reader saw {} events of {}", found.len(), expected.len());
    }
    did(format_args!("{} events by {WRITERS} writers, 4 readers, seed {seed}", written.len()));
}
