//! Large journals: what they cost, how long they take to open, how large they are, and how much memory they need.

use std::path::{Path, PathBuf};
use std::time::Instant;

use es_core::prelude::*;
use es_core::{Append, ExpectedVersion, Journal};
use es_sqlite::SqliteStore;
use tokio::runtime::Runtime;

use super::{Place, raw, remove};
use crate::child::{self, At, Task, Work};
use crate::growth::{KEPT, loads, streams};
use crate::journal::{append, append_commands, new_events};
use crate::measure::{Effort, Part, Workload, median, millis};
use crate::memory::{Spread, many_aggregates};
use crate::unit::{Target, Unit, short};

const AXIS: &str = "events in the journal";
/// What a store keeps of its file unless it is told otherwise, in MiB.
const CACHE: f64 = 32.0;

fn fill(runtime: &Runtime, path: &Path, events: u64, streams: u64) {
    runtime.block_on(async {
        let store = SqliteStore::open(path).await.expect("a journal");
        append(&store, events, 0..streams).await;
        store.close().await;
    });
}

fn fill_raw(path: &Path, events: u64) {
    raw::fill(&raw::open(path), events, streams(events));
}

/// Journals of so many events, and what is like them by hand.
#[derive(Clone, Copy)]
struct Large {
    runtime: &'static Runtime,
    place: &'static Place,
    events: u64,
}

impl Large {
    fn streams(self) -> u64 {
        streams(self.events)
    }

    /// One that is there, with what others have appended.
    fn kept(self) -> PathBuf {
        self.place.kept("large", self.events, |path| fill(self.runtime, path, self.events, self.streams()))
    }

    fn kept_raw(self) -> PathBuf {
        self.place.kept("large-raw", self.events, |path| fill_raw(path, self.events))
    }

    /// One to append to: where it is small, one of its own.
    fn growing(self, effort: Effort) -> (PathBuf, bool) {
        if self.events >= KEPT.min(effort.largest) {
            return (self.kept(), false);
        }
        let path = self.place.fresh("es");
        fill(self.runtime, &path, self.events, self.streams());
        (path, true)
    }

    fn growing_raw(self, effort: Effort) -> (PathBuf, bool) {
        if self.events >= KEPT.min(effort.largest) {
            return (self.kept_raw(), false);
        }
        let path = self.place.fresh("raw");
        fill_raw(&path, self.events);
        (path, true)
    }

    fn commands(self, effort: Effort) -> f64 {
        let (path, own) = self.growing(effort);
        let spread = Spread::over(self.streams());
        let rate = self.opened(&path, |store| async move { many_aggregates(store, 16, spread, effort).await });
        if own {
            remove(&path);
        }
        rate
    }

    fn raw_commands(self, effort: Effort) -> f64 {
        let (path, own) = self.growing_raw(effort);
        let spread = Spread::over(self.streams());
        let rate = self.runtime.block_on(raw::group_commit(raw::open(&path), 16, spread, effort));
        if own {
            remove(&path);
        }
        rate
    }

    fn loads(self, effort: Effort) -> f64 {
        self.opened(&self.kept(), |store| async move { loads(store, self.events, effort).await })
    }

    fn opened<F: Future<Output = f64>>(self, path: &Path, work: impl FnOnce(SqliteStore) -> F) -> f64 {
        self.runtime.block_on(async {
            let store = SqliteStore::open(path).await.expect("a journal");
            let figure = work(store.clone()).await;
            store.close().await;
            figure
        })
    }
}

/// Commands and loads by the size of the journal.
pub(super) fn growth(runtime: &'static Runtime, place: &'static Place, effort: Effort) -> Vec<Workload> {
    let workload = |what: &str| Workload::new("sqlite/growth", what).target(1.0 / 1.3);
    let mut commands = workload("commands over 1,000 of the aggregates of a journal, 16 clients, by its size");
    let mut loads_of = workload("loads of any aggregate of a journal, 10 events each, 1 client, by its size");
    let mut raw_commands = workload("the same commands by hand, rusqlite, plain group commit");
    let mut raw_loads = workload("the same loads by hand, rusqlite");
    for events in effort.sizes() {
        let large = Large { runtime, place, events };
        let name = format!("{} events", short_size(events));
        commands =
            commands.subject_at("es: commands", AXIS, events, format!("es, {name}"), move || large.commands(effort));
        raw_commands = raw_commands
            .subject_at("by hand: commands", AXIS, events, name.clone(), move || large.raw_commands(effort));
        loads_of = loads_of.subject_at("es: loads", AXIS, events, format!("es, {name}"), move || large.loads(effort));
        raw_loads = raw_loads.subject_at("by hand: loads", AXIS, events, name, move || {
            raw::loads(&raw::open(&large.kept_raw()), events, effort)
        });
    }
    vec![commands, raw_commands, loads_of, raw_loads]
}

/// How long it takes from opening a journal to the answer to the first append.
pub(super) fn start(runtime: &'static Runtime, place: &'static Place, effort: Effort) -> Workload {
    let what = "from opening a journal to the answer to its first append, by its size";
    let workload = Workload::new("sqlite/start", what).unit(Unit::Milliseconds).limit(1.3);
    effort.sizes().fold(workload, |workload, events| {
        let large = Large { runtime, place, events };
        workload.subject_at("es", AXIS, events, format!("es, {} events", short_size(events)), move || {
            let path = large.kept();
            median((0..9).map(|_| runtime.block_on(open_and_append(&path))).collect())
        })
    })
}

async fn open_and_append(path: &Path) -> f64 {
    let stream = StreamId::new("account", &EventId::new().to_string()).expect("a stream");
    let append = Append::to_stream(stream, ExpectedVersion::NoStream, new_events(0..1));
    let started = Instant::now();
    let store = SqliteStore::open(path).await.expect("a journal");
    store.append(append).await.expect("an append");
    let taken = millis(started);
    store.close().await;
    taken
}

/// How large the file is.
pub(super) fn size(runtime: &'static Runtime, place: &'static Place, effort: Effort) -> Workload {
    let events = 200_000 / effort.divisor;
    let what = format!("size of the file by that of the payloads, {events} events in {} streams", streams(events));
    let es = move |commands: bool| {
        move || {
            let path = place.fresh("es");
            let payloads = runtime.block_on(async {
                let store = SqliteStore::open(&path).await.expect("a journal");
                let payloads = if commands {
                    append_commands(&store, events, 0..streams(events)).await
                } else {
                    append(&store, events, 0..streams(events)).await
                };
                store.close().await;
                payloads
            });
            let times = times_payloads(&path, payloads);
            remove(&path);
            vec![times]
        }
    };
    let part = |name: &str| Part::new(name, Unit::TimesPayloads);
    Workload::new("sqlite/size", what)
        .repeat(1)
        .parts(vec![part("rusqlite, no ids of events, no times")], move || {
            let path = place.fresh("raw");
            fill_raw(&path, events);
            let times = times_payloads(&path, raw::payload_bytes(&path));
            remove(&path);
            vec![times]
        })
        .parts(vec![part("es").target(Target::Most(2.5))], es(false))
        .parts(vec![part("es, a command id each").target(Target::Most(2.5))], es(true))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn times_payloads(path: &Path, payloads: u64) -> f64 {
    path.metadata().expect("a file").len() as f64 / payloads as f64
}

/// How much memory a process takes that works on a large journal.
pub(super) fn memory(runtime: &'static Runtime, place: &'static Place, effort: Effort) -> Workload {
    let events = effort.largest;
    let what = format!("the most memory of a whole process that works on a journal of {} events", short_size(events));
    let large = Large { runtime, place, events };
    let work = move |journal: PathBuf, task| Work { journal: At::Sqlite(journal), task, events };
    Workload::new("sqlite/memory", what)
        .repeat(1)
        .parts(vec![child::part("es, one stream replayed", CACHE)], move || {
            let path = place.fresh("es");
            fill(runtime, &path, events, 1);
            let peak = work(path.clone(), Task::Replay).peak();
            remove(&path);
            vec![peak]
        })
        .parts(vec![child::part("es, copied into another file", 2.0 * CACHE)], move || {
            let copy = place.fresh("es");
            let peak = work(large.kept(), Task::Copy(copy.clone())).peak();
            remove(&copy);
            vec![peak]
        })
        .parts(vec![child::part("es, projected into a table", CACHE)], move || {
            vec![work(large.kept(), Task::Project).peak()]
        })
}

fn short_size(events: u64) -> String {
    short(f64::from(u32::try_from(events).unwrap_or(u32::MAX)))
}
