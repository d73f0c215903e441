//! The same work by hand on sqlx: one table, prepared statements, one connection, the server's default durability.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::time::Instant;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use tokio::sync::{mpsc, oneshot};

use super::signed;
use crate::domain::{Borrowed, Plain, PlainAccount, account};
use crate::measure::{Effort, Slice, rate};

const INSERT: &str = "INSERT INTO raw.events (stream, seq, type, payload) VALUES ($1, $2, $3, $4)";
const INSERT_MANY: &str = "INSERT INTO raw.events (stream, seq, type, payload) \
                           SELECT * FROM UNNEST ($1::text[], $2::bigint[], $3::text[], $4::bytea[])";

pub(super) async fn open(url: &str) -> PgConnection {
    let mut db = PgConnection::connect(url).await.expect("a server");
    let tables = "DROP SCHEMA IF EXISTS raw CASCADE; CREATE SCHEMA raw;
         CREATE TABLE raw.events (
             pos bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream text NOT NULL, seq bigint NOT NULL,
             type text NOT NULL, payload bytea NOT NULL, UNIQUE (stream, seq)
         );
         CREATE TABLE raw.balances (id text PRIMARY KEY, balance bigint NOT NULL);
         CREATE TABLE raw.checkpoint (pos bigint NOT NULL); INSERT INTO raw.checkpoint VALUES (0)";
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
    fn push(&mut self, stream: String, seq: u64, number: u64) {
        self.streams.push(stream);
        self.seqs.push(signed(seq));
        self.names.push(Plain::name(number));
        self.payloads.push(Plain::new(number).json());
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
            columns.push(account(stream), seq, seq);
            if columns.seqs.len() == 5_000 {
                columns.insert(db).await;
                columns = Columns::default();
            }
        }
    }
    columns.insert(db).await;
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
    let (id, mut state) = (account(0), PlainAccount { balance: u64::MAX / 2, count: prior });
    let mut slice = Slice::new(effort.slice);
    while slice.goes_on() {
        let number = state.count;
        let event = Plain::new(number);
        let query = sqlx::query(INSERT).bind(&id).bind(signed(number)).bind(Plain::name(number)).bind(event.json());
        query.execute(&mut db).await.expect("a row");
        state.apply(&event);
    }
    slice.rate()
}

type Job = (String, u64, u64, oneshot::Sender<()>);

/// Joined appends: one task that writes whatever waits in one statement, up to 1,000 commands. Clients hold their states. It
/// does not keep conflicts apart: one would fail the whole batch.
pub(super) async fn joined(url: &str, clients: u64, effort: Effort) -> f64 {
    let (send, mut jobs) = mpsc::unbounded_channel::<Job>();
    let mut db = open(url).await;
    let writer = tokio::spawn(async move {
        let mut batch = Vec::new();
        while jobs.recv_many(&mut batch, 1_000).await > 0 {
            let (mut columns, mut answers) = (Columns::default(), Vec::new());
            for (stream, seq, number, answer) in batch.drain(..) {
                columns.push(stream, seq, number);
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
        tasks.spawn(async move {
            let own = (1_000 / clients).max(1);
            let mut states = vec![PlainAccount::default(); usize::try_from(own).expect("few")];
            let (mut slice, mut number) = (Slice::new(effort.slice), 0);
            while slice.goes_on() {
                let index = number % own;
                let state = &mut states[usize::try_from(index).expect("few")];
                let (answer, answered) = oneshot::channel();
                send.send((account(client * own + index), state.count, number / own, answer)).expect("a writer");
                answered.await.expect("an answer");
                state.apply(&Plain::new(number / own));
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

/// Streams one stream by the index and applies it, JSON borrowed.
pub(super) async fn replay(db: &mut PgConnection, events: u64) -> f64 {
    let (started, mut state) = (Instant::now(), PlainAccount::default());
    let id = account(0);
    let query = sqlx::query("SELECT seq, payload FROM raw.events WHERE stream = $1 ORDER BY seq").bind(&id);
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
    db.execute("TRUNCATE raw.balances; UPDATE raw.checkpoint SET pos = 0").await.expect("tables");
    let (started, mut pos, mut count) = (Instant::now(), 0_i64, 0);
    loop {
        let select = "SELECT pos, stream, payload FROM raw.events WHERE pos > $1 ORDER BY pos LIMIT 500";
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
        let upsert = "WITH changed AS (
                INSERT INTO raw.balances SELECT * FROM UNNEST ($1::text[], $2::bigint[])
                ON CONFLICT (id) DO UPDATE SET balance = raw.balances.balance + excluded.balance
            ) UPDATE raw.checkpoint SET pos = $3";
        sqlx::query(upsert).bind(ids).bind(by).bind(pos).execute(&mut *db).await.expect("rows");
    }
    assert_eq!(count, events);
    rate(events, started)
}
