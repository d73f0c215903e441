//! The same work by hand on sqlx: one table, prepared statements, one connection, the server's default durability.

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::hint::black_box;
use std::time::Instant;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use tokio::sync::{mpsc, oneshot};

use super::signed;
use crate::domain::{Borrowed, Plain, PlainAccount, PlainRow, account, amount, is_withdrawal};
use crate::growth::{EVENTS_PER_STREAM, anywhere, streams};
use crate::latency::{length, open_loop};
use crate::measure::{Effort, Slice, rate};
use crate::memory::Spread;

const INSERT: &str = "INSERT INTO events (stream, seq, type, payload) VALUES ($1, $2, $3, $4)";
const INSERT_MANY: &str = "INSERT INTO events (stream, seq, type, payload) \
                           SELECT * FROM UNNEST ($1::text[], $2::bigint[], $3::text[], $4::bytea[])";
/// Changes of accounts, and how far the projection is, in one statement.
const UPSERT: &str = "WITH changed AS (
        INSERT INTO balances SELECT * FROM UNNEST ($1::text[], $2::bigint[])
        ON CONFLICT (id) DO UPDATE SET balance = balances.balance + excluded.balance
    ) UPDATE checkpoint SET pos = $3";

pub(super) async fn open(url: &str) -> PgConnection {
    open_schema(url, "raw").await
}

/// A connection to a schema that may be there.
pub(super) async fn reopen(url: &str, schema: &str) -> PgConnection {
    let mut db = PgConnection::connect(url).await.expect("a server");
    db.execute(AssertSqlSafe(format!("SET search_path = {schema}"))).await.expect("a setting");
    db
}

/// Makes a schema anew.
pub(super) async fn open_schema(url: &str, schema: &str) -> PgConnection {
    let mut db = reopen(url, schema).await;
    let tables = format!(
        "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema};
         CREATE TABLE events (
             pos bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream text NOT NULL, seq bigint NOT NULL,
             type text NOT NULL, payload bytea NOT NULL, UNIQUE (stream, seq)
         );
         CREATE TABLE balances (id text PRIMARY KEY, balance bigint NOT NULL);
         CREATE TABLE checkpoint (pos bigint NOT NULL); INSERT INTO checkpoint VALUES (0)"
    );
    db.execute(AssertSqlSafe(tables)).await.expect("tables");
    db
}

#[derive(Default)]
struct Columns {
    streams: Vec<String>,
    seqs: Vec<i64>,
    names: Vec<&'static str>,
    payloads: Vec<Vec<u8>>,
}

impl Columns {
    fn push(&mut self, row: PlainRow) {
        let PlainRow { stream, seq, name, payload } = row;
        self.streams.push(stream);
        self.seqs.push(signed(seq));
        self.names.push(name);
        self.payloads.push(payload);
    }

    async fn insert(&self, db: &mut PgConnection) {
        let Self { streams, seqs, names, payloads } = self;
        let query = sqlx::query(INSERT_MANY).bind(streams).bind(seqs).bind(names).bind(payloads);
        query.execute(db).await.expect("rows");
    }
}

/// Inserts events to some streams, one stream after the other, 5,000 a statement.
pub(super) async fn fill(db: &mut PgConnection, events: u64, streams: u64) {
    let mut columns = Columns::default();
    for stream in 0..streams {
        for seq in 0..events / streams {
            columns.push(PlainRow::new(account(stream), seq, &Plain::new(seq)));
            if columns.seqs.len() == 5_000 {
                columns.insert(db).await;
                columns = Columns::default();
            }
        }
    }
    columns.insert(db).await;
}

pub(super) async fn payload_bytes(db: &mut PgConnection) -> u64 {
    let sum = sqlx::query("SELECT sum(length(payload)) FROM events").fetch_one(db).await.expect("a row");
    u64::try_from(sum.get::<i64, _>(0)).expect("lengths")
}

pub(super) async fn bulk(url: &str, events: u64) -> f64 {
    let mut db = open(url).await;
    let started = Instant::now();
    fill(&mut db, events, 100).await;
    rate(events, started)
}

/// One client with the state at hand: the index of sequence numbers is the version check.
pub(super) async fn one_aggregate(url: &str, prior: u64, effort: Effort) -> f64 {
    let mut db = open(url).await;
    fill(&mut db, prior, 1).await;
    let mut state = PlainAccount { balance: u64::MAX / 2, count: prior };
    let mut slice = Slice::new(effort.slice);
    while slice.goes_on() {
        let event = Plain::new(state.count);
        let PlainRow { stream, seq, name, payload } = PlainRow::new(account(0), state.count, &event);
        let query = sqlx::query(INSERT).bind(stream).bind(signed(seq)).bind(name).bind(payload);
        query.execute(&mut db).await.expect("a row");
        state.apply(&event);
    }
    slice.rate()
}

type Job = (PlainRow, oneshot::Sender<()>);

/// Joined appends: one task that writes whatever waits in one statement, up to 1,000 commands. Clients hold their states, and
/// encode their events. It does not keep conflicts apart: one would fail the whole batch.
pub(super) async fn joined(mut db: PgConnection, clients: u64, spread: Spread, effort: Effort) -> f64 {
    let own = (1_000 / clients).max(1);
    let mut states = Vec::new();
    for number in 0..clients * own {
        states.push(load(&mut db, &spread.account(number)).await);
    }
    let (send, mut jobs) = mpsc::unbounded_channel::<Job>();
    let writer = tokio::spawn(async move {
        let mut batch = Vec::new();
        while jobs.recv_many(&mut batch, 1_000).await > 0 {
            let (mut columns, mut answers) = (Columns::default(), Vec::new());
            for (row, answer) in batch.drain(..) {
                columns.push(row);
                answers.push(answer);
            }
            columns.insert(&mut db).await;
            for answer in answers {
                let _ = answer.send(());
            }
        }
    });
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..clients {
        let send = send.clone();
        let first = usize::try_from(client * own).expect("few");
        let mut states = states[first..first + usize::try_from(own).expect("few")].to_vec();
        tasks.spawn(async move {
            let (mut slice, mut number) = (Slice::new(effort.slice), 0);
            while slice.goes_on() {
                let index = number % own;
                let state = &mut states[usize::try_from(index).expect("few")];
                let (answer, answered) = oneshot::channel();
                let event = Plain::new(number / own);
                let row = PlainRow::new(spread.account(client * own + index), state.count, &event);
                send.send((row, answer)).expect("a writer");
                answered.await.expect("an answer");
                state.apply(&event);
                number += 1;
            }
            slice.count
        });
    }
    let count = tasks.join_all().await.iter().sum();
    let rate = rate(count, started);
    drop(send);
    writer.await.expect("the writer ends");
    rate
}

/// Reads and applies one stream.
async fn load(db: &mut PgConnection, stream: &str) -> PlainAccount {
    let query = sqlx::query("SELECT payload FROM events WHERE stream = $1 ORDER BY seq").bind(stream);
    let mut state = PlainAccount::default();
    for row in query.fetch_all(db).await.expect("rows") {
        state.apply(&serde_json::from_slice(row.get::<&[u8], _>(0)).expect("an event"));
    }
    state
}

/// Loads of accounts, one after the other.
pub(super) async fn loads(mut db: PgConnection, events: u64, effort: Effort) -> f64 {
    let mut next = anywhere(streams(events));
    let mut slice = Slice::new(effort.slice);
    while slice.goes_on() {
        let state = load(&mut db, &account(next())).await;
        assert!(state.count >= EVENTS_PER_STREAM);
    }
    slice.rate()
}

/// One task that inserts whatever waits in one statement, answers, and then projects it in a transaction of its own.
pub(super) async fn latency(url: &str, effort: Effort) -> Vec<f64> {
    let mut db = open(url).await;
    let (send, mut jobs) = mpsc::unbounded_channel::<(PlainRow, i64, oneshot::Sender<()>, oneshot::Sender<()>)>();
    let writer = tokio::spawn(async move {
        let mut batch = Vec::new();
        while jobs.recv_many(&mut batch, 1_000).await > 0 {
            let (mut columns, mut answers, mut shows) = (Columns::default(), Vec::new(), Vec::new());
            let mut changes = BTreeMap::<_, i64>::new();
            for (row, change, answer, shown) in batch.drain(..) {
                *changes.entry(row.stream.clone()).or_default() += change;
                columns.push(row);
                answers.push(answer);
                shows.push(shown);
            }
            columns.insert(&mut db).await;
            for answer in answers {
                let _ = answer.send(());
            }
            let (ids, by): (Vec<String>, Vec<i64>) = changes.into_iter().unzip();
            sqlx::query(UPSERT).bind(ids).bind(by).bind(0_i64).execute(&mut db).await.expect("rows");
            for shown in shows {
                let _ = shown.send(());
            }
        }
    });
    let figures = open_loop(length(effort), move |number, called, taken| {
        let send = send.clone();
        async move {
            let ((answer, waiting), (shown, seen)) = (oneshot::channel(), oneshot::channel());
            let (stream, seq) = (account(number % 1_000), number / 1_000);
            let change = signed(amount(seq)) * if is_withdrawal(seq) { -1 } else { 1 };
            let row = PlainRow::new(stream, seq, &Plain::new(seq));
            send.send((row, change, answer, shown)).expect("a writer");
            waiting.await.expect("an answer");
            let answered = Instant::now();
            seen.await.expect("it is projected");
            taken.add(called, answered, Instant::now());
        }
    });
    let figures = figures.await;
    writer.await.expect("the writer ends");
    figures
}

/// Streams one stream by the index and applies it, JSON borrowed.
pub(super) async fn replay(db: &mut PgConnection, events: u64) -> f64 {
    let (started, mut state) = (Instant::now(), PlainAccount::default());
    let id = account(0);
    let query = sqlx::query("SELECT seq, payload FROM events WHERE stream = $1 ORDER BY seq").bind(&id);
    let mut rows = query.fetch(db);
    while let Some(row) = poll_fn(|context| rows.as_mut().poll_next(context)).await {
        let row = row.expect("a row");
        state.apply_borrowed(&serde_json::from_slice(row.get::<&[u8], _>(1)).expect("an event"));
    }
    assert_eq!(state.count, events);
    rate(events, started)
}

/// Upserts folded by account, 500 events and the checkpoint in one statement.
pub(super) async fn project(db: &mut PgConnection, events: u64) -> f64 {
    db.execute("TRUNCATE balances; UPDATE checkpoint SET pos = 0").await.expect("tables");
    let (started, mut pos, mut count) = (Instant::now(), 0_i64, 0);
    loop {
        let select = "SELECT pos, stream, payload FROM events WHERE pos > $1 ORDER BY pos LIMIT 500";
        let rows = sqlx::query(select).bind(pos).fetch_all(&mut *db).await.expect("rows");
        if rows.is_empty() {
            break;
        }
        let mut changes: BTreeMap<&str, i64> = BTreeMap::new();
        for row in &rows {
            let change = match serde_json::from_slice(row.get::<&[u8], _>(2)).expect("an event") {
                Borrowed::Deposited { amount, .. } => signed(amount),
                Borrowed::Withdrawn { amount, .. } => -signed(amount),
            };
            *changes.entry(row.get(1)).or_default() += change;
            pos = row.get(0);
            count += 1;
        }
        let (ids, by): (Vec<&str>, Vec<i64>) = changes.into_iter().unzip();
        sqlx::query(UPSERT).bind(ids).bind(by).bind(pos).execute(&mut *db).await.expect("rows");
    }
    assert_eq!(count, events);
    rate(events, started)
}

/// Streams all events and folds them into a map, JSON borrowed.
pub(super) async fn view(db: &mut PgConnection, events: u64) -> f64 {
    let (started, mut balances, mut count) = (Instant::now(), HashMap::<String, i64>::new(), 0);
    let mut rows = sqlx::query("SELECT pos, stream, payload FROM events ORDER BY pos").fetch(db);
    while let Some(row) = poll_fn(|context| rows.as_mut().poll_next(context)).await {
        let row = row.expect("a row");
        let account: &str = row.get(1);
        let change = match serde_json::from_slice(row.get::<&[u8], _>(2)).expect("an event") {
            Borrowed::Deposited { amount, .. } => signed(amount),
            Borrowed::Withdrawn { amount, .. } => -signed(amount),
        };
        if let Some(balance) = balances.get_mut(account) {
            *balance += change;
        } else {
            balances.insert(account.to_owned(), change);
        }
        count += 1;
    }
    assert_eq!(black_box(balances).len(), 1_000);
    assert_eq!(count, events);
    rate(events, started)
}
