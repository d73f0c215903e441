//! Large journals: what they cost, how long they take to open, how large they are, and how much memory they need.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use es_core::prelude::*;
use es_core::{Append, ExpectedVersion, Journal};
use es_postgres::PostgresStore;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use tokio::runtime::Runtime;

use super::{fresh, open, raw, url};
use crate::child::{self, At, Task, Work};
use crate::growth::{KEPT, loads, streams};
use crate::journal::{append, append_commands, new_events};
use crate::measure::{Effort, Part, Workload, median, millis};
use crate::memory::{Spread, many_aggregates};
use crate::sqlite::{Place, remove};
use crate::unit::{Unit, short};

const AXIS: &str = "events in the journal";

/// Schemas that several workloads use, by what they are.
static KEPT_SCHEMAS: Mutex<BTreeMap<(bool, u64), String>> = Mutex::new(BTreeMap::new());

/// A schema of `events` events, filled when it is asked for first.
fn kept(runtime: &Runtime, by_hand: bool, events: u64) -> String {
    // A fill that failed has put nothing in.
    let mut kept = KEPT_SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    kept.entry((by_hand, events)).or_insert_with(|| filled(runtime, by_hand, events)).clone()
}

fn filled(runtime: &Runtime, by_hand: bool, events: u64) -> String {
    let schema = fresh();
    runtime.block_on(async {
        if by_hand {
            let mut db = raw::open_schema(&url(), &schema).await;
            raw::fill(&mut db, events, streams(events)).await;
            tidy(&mut db, &schema).await;
        } else {
            fill(&schema, events, streams(events)).await;
        }
    });
    schema
}

async fn fill(schema: &str, events: u64, streams: u64) {
    let store = open(schema).await;
    append(&store, events, 0..streams).await;
    store.close().await;
    tidy(&mut raw::reopen(&url(), schema).await, schema).await;
}

/// What a server does by itself in its time: not while something is measured.
async fn tidy(db: &mut sqlx::PgConnection, schema: &str) {
    let tables = sqlx::query("SELECT tablename FROM pg_tables WHERE schemaname = $1").bind(schema);
    let tables: Vec<String> = tables.fetch_all(&mut *db).await.expect("rows").iter().map(|row| row.get(0)).collect();
    for table in tables {
        db.execute(AssertSqlSafe(format!("VACUUM ANALYZE {schema}.{table}"))).await.expect("it is tidied up");
    }
    db.execute("CHECKPOINT").await.expect("a checkpoint");
}

fn drop_schema(runtime: &Runtime, schema: &str) {
    runtime.block_on(async {
        let statement = AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"));
        raw::reopen(&url(), schema).await.execute(statement).await.expect("it is dropped");
    });
}

/// Journals of so many events, and what is like them by hand.
#[derive(Clone, Copy)]
struct Large {
    runtime: &'static Runtime,
    events: u64,
}

impl Large {
    /// A schema to append to: where it is small, one of its own.
    fn growing(self, by_hand: bool, effort: Effort) -> (String, bool) {
        if self.events >= KEPT.min(effort.largest) {
            return (kept(self.runtime, by_hand, self.events), false);
        }
        (filled(self.runtime, by_hand, self.events), true)
    }

    fn commands(self, effort: Effort) -> f64 {
        let (schema, own) = self.growing(false, effort);
        let spread = Spread::over(streams(self.events));
        let rate = self.opened(&schema, |store| async move { many_aggregates(store, 16, spread, effort).await });
        if own {
            drop_schema(self.runtime, &schema);
        }
        rate
    }

    fn raw_commands(self, effort: Effort) -> f64 {
        let (schema, own) = self.growing(true, effort);
        let spread = Spread::over(streams(self.events));
        let rate =
            self.runtime.block_on(async { raw::joined(raw::reopen(&url(), &schema).await, 16, spread, effort).await });
        if own {
            drop_schema(self.runtime, &schema);
        }
        rate
    }

    fn loads(self, effort: Effort) -> f64 {
        let schema = kept(self.runtime, false, self.events);
        self.opened(&schema, |store| async move { loads(store, self.events, effort).await })
    }

    fn raw_loads(self, effort: Effort) -> f64 {
        let schema = kept(self.runtime, true, self.events);
        self.runtime.block_on(async { raw::loads(raw::reopen(&url(), &schema).await, self.events, effort).await })
    }

    fn opened<F: Future<Output = f64>>(self, schema: &str, work: impl FnOnce(PostgresStore) -> F) -> f64 {
        self.runtime.block_on(async {
            let store = open(schema).await;
            let figure = work(store.clone()).await;
            store.close().await;
            figure
        })
    }
}

/// Commands and loads by the size of the journal.
pub(super) fn growth(runtime: &'static Runtime, effort: Effort) -> Vec<Workload> {
    let workload = |what: &str| Workload::new("postgres/growth", what).target(1.0 / 1.3);
    let mut commands = workload("commands over 1,000 of the aggregates of a journal, 16 clients, by its size");
    let mut loads_of = workload("loads of any aggregate of a journal, 10 events each, 1 client, by its size");
    let mut raw_commands = workload("the same commands by hand, sqlx, joined appends");
    let mut raw_loads = workload("the same loads by hand, sqlx");
    for events in effort.sizes() {
        let large = Large { runtime, events };
        let name = format!("{} events", short_size(events));
        commands =
            commands.subject_at("es: commands", AXIS, events, format!("es, {name}"), move || large.commands(effort));
        raw_commands = raw_commands
            .subject_at("by hand: commands", AXIS, events, name.clone(), move || large.raw_commands(effort));
        loads_of = loads_of.subject_at("es: loads", AXIS, events, format!("es, {name}"), move || large.loads(effort));
        raw_loads = raw_loads.subject_at("by hand: loads", AXIS, events, name, move || large.raw_loads(effort));
    }
    vec![commands, raw_commands, loads_of, raw_loads]
}

/// How long it takes from connecting to the answer to the first append.
pub(super) fn start(runtime: &'static Runtime, effort: Effort) -> Workload {
    let what = "from connecting to a journal to the answer to its first append, by its size";
    let workload = Workload::new("postgres/start", what).unit(Unit::Milliseconds).limit(1.3);
    effort.sizes().fold(workload, |workload, events| {
        workload.subject_at("es", AXIS, events, format!("es, {} events", short_size(events)), move || {
            let schema = kept(runtime, false, events);
            median((0..9).map(|_| runtime.block_on(open_and_append(&schema))).collect())
        })
    })
}

async fn open_and_append(schema: &str) -> f64 {
    let stream = StreamId::new("account", &EventId::new().to_string()).expect("a stream");
    let append = Append::to_stream(stream, ExpectedVersion::NoStream, new_events(0..1));
    let started = Instant::now();
    let store = open(schema).await;
    store.append(append).await.expect("an append");
    let taken = millis(started);
    store.close().await;
    taken
}

/// How large the tables are, with all their indexes.
pub(super) fn size(runtime: &'static Runtime, effort: Effort) -> Workload {
    let events = 200_000 / effort.divisor;
    let what =
        format!("size of tables and indexes by that of the payloads, {events} events in {} streams", streams(events));
    let es = move |commands: bool| {
        move || {
            let schema = fresh();
            let times = runtime.block_on(async {
                let store = open(&schema).await;
                let payloads = if commands {
                    append_commands(&store, events, 0..streams(events)).await
                } else {
                    append(&store, events, 0..streams(events)).await
                };
                store.close().await;
                times_payloads(&schema, payloads).await
            });
            drop_schema(runtime, &schema);
            vec![times]
        }
    };
    let part = |name: &str| Part::new(name, Unit::TimesPayloads);
    Workload::new("postgres/size", what)
        .repeat(1)
        .parts(vec![part("sqlx, no ids of events, no times")], move || {
            let schema = filled(runtime, true, events);
            let times = runtime.block_on(async {
                let payloads = raw::payload_bytes(&mut raw::reopen(&url(), &schema).await).await;
                times_payloads(&schema, payloads).await
            });
            drop_schema(runtime, &schema);
            vec![times]
        })
        .parts(vec![part("es")], es(false))
        .parts(vec![part("es, a command id each")], es(true))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
async fn times_payloads(schema: &str, payloads: u64) -> f64 {
    let sum = "SELECT sum(pg_total_relation_size(pg_class.oid))::bigint FROM pg_class
               JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = $1 AND relkind = 'r'";
    let mut db = raw::reopen(&url(), schema).await;
    let size: i64 = sqlx::query(sum).bind(schema).fetch_one(&mut db).await.expect("a row").get(0);
    size as f64 / payloads as f64
}

/// How much memory a process takes that works on a large journal.
pub(super) fn memory(runtime: &'static Runtime, place: &'static Place, effort: Effort) -> Workload {
    let events = effort.largest;
    let what = format!("the most memory of a whole process that works on a journal of {} events", short_size(events));
    let work = move |schema: String, task| Work { journal: At::Postgres { url: url(), schema }, task, events };
    Workload::new("postgres/memory", what)
        .repeat(1)
        .parts(vec![child::part("es, one stream replayed", 0.0)], move || {
            let schema = fresh();
            runtime.block_on(fill(&schema, events, 1));
            let peak = work(schema.clone(), Task::Replay).peak();
            drop_schema(runtime, &schema);
            vec![peak]
        })
        .parts(vec![child::part("es, copied into a file of SQLite", 32.0)], move || {
            let copy = place.fresh("copy");
            let peak = work(kept(runtime, false, events), Task::Copy(copy.clone())).peak();
            remove(&copy);
            vec![peak]
        })
        .parts(vec![child::part("es, projected into a table", 0.0)], move || {
            vec![work(kept(runtime, false, events), Task::Project).peak()]
        })
}

fn short_size(events: u64) -> String {
    short(f64::from(u32::try_from(events).unwrap_or(u32::MAX)))
}
