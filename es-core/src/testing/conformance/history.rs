//! J17: random histories, each step compared with the model.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use super::dropped::polled;
use super::given::{Random, bytes, event, named, of_command, part, seed, stream};
use super::harness::{Harness, did, soak};
use super::model::{Model, Verdict};
use super::seen::{Seen, after, of_stream_by};
use crate::event::{CommandId, EventId, ManualClock, Position, StreamId, Timestamp};
use crate::journal::{Append, AppendError, Appended, ExpectedVersion, Filter, Journal, NewEvent, PageSize, limits};
use crate::snapshot::{Snapshot, SnapshotStore};

/// The histories that share a store, each on streams of its own.
const A_STORE: u64 = 2_000;
const STEPS: u64 = 30;
const NAMES: [&str; 3] = ["opened", "Opened", "o%"];
const FORMATS: [&str; 2] = ["json", "json:2"];

pub(super) async fn j17_random_histories_are_as_in_the_model<H: Harness>(place: H) {
    let histories = if soak() { H::HISTORIES * 50 } else { H::HISTORIES };
    let first = seed();
    println!("seed {first}; ES_SEED={first} does it again, and the seed of one history begins with that one");
    let mut place = place;
    let mut events = 0;
    for from in (0..histories).step_by(usize::try_from(A_STORE).unwrap()) {
        if from > 0 {
            place = H::create().await;
        }
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let store = place.open(clock.clone()).await;
        for seed in first + from..first + histories.min(from + A_STORE) {
            let mut history = History::new(store.clone(), Arc::clone(&clock), seed).await;
            for _ in 0..STEPS {
                history.step().await;
            }
            history.compare().await;
            events += history.model.events.len();
        }
    }
    did(format_args!("{histories} histories of {STEPS} steps, {events} events"));
}

struct History<S> {
    store: S,
    clock: Arc<ManualClock>,
    random: Random,
    seed: u64,
    /// Where the events of the histories before it end.
    start: Position,
    model: Model,
    streams: Vec<StreamId>,
    appends: Vec<Append>,
    commands: Vec<CommandId>,
    /// What was done; printed when the history fails.
    steps: Vec<String>,
}

impl<S> Drop for History<S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the history of seed {} failed in its last step:\n{}", self.seed, self.steps.join("\n"));
        }
    }
}

impl<S: Journal + SnapshotStore> History<S> {
    async fn new(store: S, clock: Arc<ManualClock>, seed: u64) -> Self {
        // Aggregates of its own, of which one begins with the other.
        let [first, second] = [format!("h{seed}"), format!("h{seed}-")];
        let streams = [(&first, "a"), (&first, "A"), (&second, "a"), (&second, "b")];
        Self {
            start: store.head().await.unwrap(),
            store,
            clock,
            random: Random::new(seed),
            seed,
            model: Model::default(),
            streams: streams.map(|(aggregate, id)| stream(aggregate, id)).into(),
            appends: Vec::new(),
            commands: vec![CommandId::new()],
            steps: Vec::new(),
        }
    }

    fn note(&mut self, step: impl Debug) {
        self.steps.push(format!("{step:?}"));
    }

    async fn step(&mut self) {
        match self.random.below(100) {
            0..35 => {
                let append = self.new_append();
                self.append(append).await;
            }
            35..45 => {
                let append = self.old_append();
                self.append(append).await;
            }
            45..50 => self.append_and_drop().await,
            50..53 => self.append_what_cannot_be().await,
            53..63 => self.read_a_stream().await,
            63..73 => self.read_all().await,
            73..85 => self.ask().await,
            _ => self.snapshots().await,
        }
    }

    fn any_stream(&mut self) -> StreamId {
        self.random.pick(&self.streams).clone()
    }

    /// Any of the versions that there are or may be, or one that is far off.
    fn any_version(&mut self) -> u64 {
        if self.random.chance(5) { u64::MAX } else { self.random.below(self.model.events.len() as u64 + 2) }
    }

    fn any_expected(&mut self, stream: &StreamId) -> ExpectedVersion {
        match self.random.below(10) {
            0..4 => ExpectedVersion::Any,
            4..8 => ExpectedVersion::Exact(self.model.version(stream)),
            8 => ExpectedVersion::NoStream,
            _ => ExpectedVersion::Exact(self.any_version()),
        }
    }

    fn any_size(&mut self) -> PageSize {
        let bytes = if self.random.chance(30) { self.random.index(200) } else { 1_000_000 };
        PageSize { events: 1 + self.random.index(20), bytes }
    }

    /// Events that are not in the journal, all of one command or of none.
    fn new_events(&mut self) -> Vec<NewEvent> {
        let command = self.random.chance(50).then(CommandId::new);
        self.commands.extend(command);
        let events = (0..self.random.below(5)).map(|number| {
            let event = if self.random.chance(50) { event(number) } else { bytes(vec![0xff; self.random.index(60)]) };
            let event = NewEvent { name: (*self.random.pick(&NAMES)).into(), ..event };
            command.map_or_else(|| event.clone(), |command| of_command(command, event.clone()))
        });
        events.collect()
    }

    fn new_append(&mut self) -> Append {
        let mut streams = Vec::new();
        for stream in self.streams.clone() {
            if self.random.chance(40) {
                let expected = self.any_expected(&stream);
                streams.push(part(&stream, expected, self.new_events()));
            }
        }
        if self.random.chance(50) {
            streams.reverse();
        }
        Append { streams }
    }

    /// An append that was tried before, as it was or changed a little.
    fn old_append(&mut self) -> Append {
        if self.appends.is_empty() {
            return Append::default();
        }
        let mut append = self.random.pick(&self.appends).clone();
        let change = self.random.below(5);
        let other = self.any_stream();
        let elsewhere = append.streams.iter().all(|part| part.stream != other);
        let expected = self.any_expected(&other);
        if let Some(part) = append.streams.first_mut() {
            match change {
                0 => part.expected = expected,
                1 => part.events.push(event(0)),
                2 if elsewhere => part.stream = other,
                3 => part.events.reverse(),
                _ => {}
            }
        }
        append
    }

    /// Moves the clock, a little ahead or back.
    fn move_clock(&mut self) {
        let minute = Duration::from_mins(1);
        let now = Timestamp::UNIX_EPOCH + Duration::from_millis(self.random.below(200_000));
        self.clock.set(if self.random.chance(10) { now - minute } else { now });
    }

    async fn append(&mut self, append: Append) {
        self.move_clock();
        self.note(&append);
        let answer = self.store.append(append.clone()).await;
        self.judge(append, answer).await;
    }

    async fn judge(&mut self, append: Append, answer: Result<Appended, AppendError>) {
        match (self.model.verdict(&append), answer) {
            (Verdict::Written, Ok(appended)) => {
                assert!(!appended.repeated, "{appended:?}");
                self.learn(&append, &appended).await;
            }
            (Verdict::Repeated, Ok(appended)) => {
                assert!(appended.repeated, "{appended:?}");
                self.is_where_it_was(&append, &appended);
            }
            (Verdict::Refused { conflicts, .. }, Err(AppendError::Conflict { stream, actual, .. })) => {
                assert!(conflicts.contains(&stream), "`{stream}` is as expected");
                assert_eq!(actual, self.model.version(&stream));
            }
            (Verdict::Refused { doubles, .. }, Err(AppendError::DuplicateEvent { id, .. })) => {
                assert!(doubles.contains(&id), "{id} is not in the journal");
            }
            (verdict, answer) => panic!("expected {verdict:?}, got {answer:?}"),
        }
        self.appends.push(append);
    }

    /// Takes into the model what was written, after a look at it.
    async fn learn(&mut self, append: &Append, appended: &Appended) {
        let mut written = Vec::new();
        for (part, answer) in append.streams.iter().zip(&appended.streams) {
            let before = self.model.version(&part.stream);
            let page = self.store.read_stream(&part.stream, before + 1..=u64::MAX, PageSize::default()).await.unwrap();
            let found: Vec<Seen> = page.iter().map(Seen::from).collect();
            assert!(found.iter().map(|seen| &seen.event).eq(&part.events), "{found:?}");
            let last = before + part.events.len() as u64;
            assert!(found.iter().map(|seen| seen.version).eq(before + 1..=last), "{found:?}");
            assert_eq!(answer.versions, (!found.is_empty()).then_some(before + 1..=last));
            assert_eq!(answer.position, found.last().map_or(Position::START, |seen| seen.position));
            written.extend(found);
        }
        written.sort_by_key(|seen| seen.position);
        assert_eq!(appended.position, written.last().map_or(Position::START, |seen| seen.position));
        for seen in written {
            assert_eq!(seen.recorded_at, appended.recorded_at);
            let before = self.model.stream(&seen.stream, &(0..=u64::MAX)).last().map(|seen| seen.recorded_at);
            assert!(Some(seen.recorded_at) >= before, "{seen:?} was recorded before the event before it");
            assert!(self.model.events.last().is_none_or(|last| last.position < seen.position), "{seen:?}");
            self.model.events.push(seen);
        }
    }

    fn is_where_it_was(&self, append: &Append, appended: &Appended) {
        let find = |event: &NewEvent| self.model.event(event.id).expect("a repeated event");
        for (part, answer) in append.streams.iter().zip(&appended.streams) {
            let found: Vec<&Seen> = part.events.iter().map(find).collect();
            let versions = found.first().zip(found.last()).map(|(first, last)| first.version..=last.version);
            assert_eq!(answer.versions, versions);
            assert_eq!(answer.position, found.last().map_or(Position::START, |seen| seen.position));
        }
        assert_eq!(appended.position, appended.streams.iter().map(|stream| stream.position).max().unwrap_or_default());
    }

    /// Appends, and does not wait for the answer; the same append finds out.
    async fn append_and_drop(&mut self) {
        let append = self.new_append();
        if append.is_empty() || self.model.verdict(&append) != Verdict::Written {
            return;
        }
        self.move_clock();
        let polls = self.random.below(20);
        self.note(("dropped after polls", polls, &append));
        drop(polled(self.store.append(append.clone()), polls).await);
        let mut appended = self.store.append(append.clone()).await.expect("a repeat is no conflict");
        appended.repeated = false;
        self.judge(append, Ok(appended)).await;
    }

    async fn append_what_cannot_be(&mut self) {
        let stream = self.any_stream();
        let (fault, bad) = match self.random.below(3) {
            0 => ("large", bytes(vec![0; limits::EVENT_BYTES + 1])),
            1 => ("no name", named("")),
            _ => ("version 0", NewEvent { version: 0, ..event(0) }),
        };
        self.note((fault, &stream));
        let append = Append::to_stream(stream, ExpectedVersion::Any, vec![event(1), bad, event(2)]);
        let error = self.store.append(append).await.expect_err("an append that cannot be");
        assert!(matches!(error, AppendError::TooLarge { .. } | AppendError::Invalid { .. }), "{error}");
    }

    async fn read_a_stream(&mut self) {
        let (stream, size) = (self.any_stream(), self.any_size());
        let versions = self.any_version()..=self.any_version();
        self.note(("read", &stream, &versions, size));
        let page = self.store.read_stream(&stream, versions.clone(), size).await.unwrap();
        let expected = self.model.stream(&stream, &versions);
        let found: Vec<Seen> = page.iter().map(Seen::from).collect();
        assert_eq!(found, expected[..found.len().min(expected.len())]);
        assert_eq!(page.more(), found.len() < expected.len());
        assert_eq!(found.is_empty(), expected.is_empty());
    }

    async fn read_all(&mut self) {
        let [first, second] = [0, 2].map(|index: usize| self.streams[index].aggregate().to_owned());
        let filter = match self.random.below(4) {
            0 => Filter::none().aggregate(first),
            1 => Filter::none().event(first, *self.random.pick(&NAMES)).aggregate(second),
            2 => Filter::none().event(second, *self.random.pick(&NAMES)),
            _ => Filter::none().aggregate(first).aggregate(second),
        };
        let from = match &self.model.events[..] {
            [] => self.start,
            events => self.random.pick(events).position,
        };
        let size = self.any_size();
        self.note(("read all", from, &filter, size));
        assert_eq!(after(&self.store, from, &filter, size).await, self.model.after(from, &filter));
    }

    async fn ask(&mut self) {
        let stream = self.any_stream();
        let command = *self.random.pick(&self.commands);
        let near = match &self.model.events[..] {
            [] => Timestamp::UNIX_EPOCH,
            events => self.random.pick(events).recorded_at,
        };
        let time = Timestamp::from_micros(near.as_micros() + [-1, 0, 1][self.random.index(3)]);
        self.note(("ask", &stream, command, time));
        assert_eq!(self.store.version(&stream).await.unwrap(), self.model.version(&stream));
        assert_eq!(self.store.version_at(&stream, time).await.unwrap(), self.model.version_at(&stream, time));
        assert_eq!(self.store.find_command(&stream, command).await.unwrap(), self.model.command(&stream, command));
        if let Some(last) = self.model.events.last() {
            // Histories follow one another on one store, so the last event of this one is the last of all.
            assert_eq!(self.store.head().await.unwrap(), last.position);
            let before = self.model.events.iter().rev().nth(1).map_or(self.start, |event| event.position);
            assert_eq!(self.store.wait(before).await.unwrap(), last.position);
        }
    }

    async fn snapshots(&mut self) {
        let stream = self.any_stream();
        let version = self.random.below(10);
        let format = *self.random.pick(&FORMATS);
        let what = self.random.below(8);
        self.note(("snapshots", what, &stream, version, format));
        match what {
            0..4 => {
                let payload = vec![b'7'; self.random.index(100)];
                let snapshot = Snapshot { payload, ..super::snapshots::snapshot(&stream, version, format) };
                self.model.save_snapshot(snapshot.clone());
                self.store.save_snapshot(snapshot).await.unwrap();
            }
            4 => {
                self.model.keep_snapshots(&stream, 2);
                self.store.keep_snapshots(&stream, 2).await.unwrap();
            }
            5 => {
                self.model.delete_snapshots(&stream, &(version..=version + 2));
                self.store.delete_snapshots(&stream, version..=version + 2).await.unwrap();
            }
            _ => {}
        }
        for up_to in [version, u64::MAX] {
            let found = self.store.load_snapshot(&stream, up_to, format).await.unwrap();
            assert_eq!(found.as_ref(), self.model.snapshot(&stream, up_to, format));
        }
    }

    /// Compares all there is.
    async fn compare(&mut self) {
        self.note("the end");
        let both = Filter::none().aggregate(self.streams[0].aggregate()).aggregate(self.streams[2].aggregate());
        assert_eq!(after(&self.store, self.start, &both, PageSize::default()).await, self.model.events);
        if self.random.chance(1) {
            // Past all the histories before it.
            assert_eq!(after(&self.store, Position::START, &both, PageSize::default()).await, self.model.events);
        }
        for stream in &self.streams {
            let found = of_stream_by(&self.store, stream, PageSize::events(50)).await;
            assert_eq!(found, self.model.stream(stream, &(0..=u64::MAX)));
        }
        let twice: Vec<EventId> = self.model.events.iter().map(|seen| seen.event.id).collect();
        let once: std::collections::HashSet<EventId> = twice.iter().copied().collect();
        assert_eq!(twice.len(), once.len());
    }
}
