//! The same work by hand on rusqlite: one table, prepared statements, WAL, `synchronous=FULL`. Transactions of projections have
//! `NORMAL`: their checkpoint is in them, and what a power cut takes is projected again.

use std::path::Path;
use std::sync::mpsc;
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::domain::{Borrowed, Plain, PlainAccount, PlainRow, account, amount, is_withdrawal};
use crate::growth::{EVENTS_PER_STREAM, anywhere, streams};
use crate::latency::{length, open_loop};
use crate::measure::{Effort, Slice, rate};
use crate::memory::Spread;

const INSERT: &str = "INSERT INTO events (stream, seq, type, payload) VALUES (?, ?, ?, ?)";

/// The numbers of SQLite.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("a small number")
}

pub(super) fn open(path: &Path) -> Connection {
    let db = Connection::open(path).expect("a file");
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
         CREATE TABLE IF NOT EXISTS events (
             pos INTEGER PRIMARY KEY, stream TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL,
             payload BLOB NOT NULL, UNIQUE (stream, seq)
         )",
    )
    .expect("a table");
    db
}

fn insert(db: &Connection, row: &PlainRow) {
    let PlainRow { stream, seq, name, payload } = row;
    let mut insert = db.prepare_cached(INSERT).expect("a statement");
    insert.execute((stream, signed(*seq), name, payload)).expect("a row");
}

/// Inserts events to some streams, one stream after the other, in as few transactions as a file of this size takes.
pub(super) fn fill(db: &Connection, events: u64, streams: u64) {
    db.execute_batch("BEGIN").expect("a transaction");
    let mut count = 0_u64;
    for stream in 0..streams {
        for seq in 0..events / streams {
            insert(db, &PlainRow::new(account(stream), seq, &Plain::new(seq)));
            count += 1;
            if count.is_multiple_of(1_000_000) {
                db.execute_batch("COMMIT; BEGIN").expect("a commit");
            }
        }
    }
    db.execute_batch("COMMIT").expect("a commit");
}

pub(super) fn payload_bytes(path: &Path) -> u64 {
    let db = open(path);
    let sum: i64 = db.query_row("SELECT sum(length(payload)) FROM events", (), |row| row.get(0)).expect("a sum");
    u64::try_from(sum).expect("lengths")
}

pub(super) fn bulk(path: &Path, events: u64) -> f64 {
    let db = open(path);
    let started = Instant::now();
    fill(&db, events, 100);
    rate(events, started)
}

/// One client with the state at hand: the index of sequence numbers is the version check, so one statement is the transaction.
pub(super) fn one_aggregate(path: &Path, prior: u64, effort: Effort) -> f64 {
    let db = open(path);
    fill(&db, prior, 1);
    let mut state = PlainAccount { balance: u64::MAX / 2, count: prior };
    let mut slice = Slice::new(effort.slice);
    while slice.goes_on() {
        let event = Plain::new(state.count);
        insert(&db, &PlainRow::new(account(0), state.count, &event));
        state.apply(&event);
    }
    slice.rate()
}

type Job = (PlainRow, oneshot::Sender<()>);

/// Plain group commit: one thread that commits together whatever waits, up to 1,000 commands. Clients hold their states, and
/// encode their events. It does not keep conflicts apart: one would fail the whole batch.
pub(super) async fn group_commit(db: Connection, clients: u64, spread: Spread, effort: Effort) -> f64 {
    let own = (1_000 / clients).max(1);
    let states: Vec<PlainAccount> = (0..clients * own).map(|number| load(&db, &spread.account(number))).collect();
    let (send, jobs) = mpsc::channel::<Job>();
    let writer = std::thread::spawn(move || {
        while let Ok(first) = jobs.recv() {
            let mut batch = vec![first];
            while batch.len() < 1_000
                && let Ok(next) = jobs.try_recv()
            {
                batch.push(next);
            }
            db.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
            for (row, _) in &batch {
                insert(&db, row);
            }
            db.execute_batch("COMMIT").expect("a commit");
            for (_, answer) in batch {
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
    writer.join().expect("the writer ends");
    rate
}

/// Reads and applies one stream.
fn load(db: &Connection, stream: &str) -> PlainAccount {
    let sql = "SELECT payload FROM events WHERE stream = ? ORDER BY seq";
    let mut query = db.prepare_cached(sql).expect("a statement");
    let mut rows = query.query([stream]).expect("rows");
    let mut state = PlainAccount::default();
    while let Some(row) = rows.next().expect("a row") {
        let payload = row.get_ref(0).expect("a column").as_blob().expect("a blob");
        state.apply(&serde_json::from_slice(payload).expect("an event"));
    }
    state
}

/// Loads of accounts, one after the other.
pub(super) fn loads(db: &Connection, events: u64, effort: Effort) -> f64 {
    let mut next = anywhere(streams(events));
    let mut slice = Slice::new(effort.slice);
    while slice.goes_on() {
        let state = load(db, &account(next()));
        assert!(state.count >= EVENTS_PER_STREAM);
    }
    slice.rate()
}

/// One thread that commits whatever waits, answers, and then projects it in a transaction of its own.
pub(super) async fn latency(path: &Path, effort: Effort) -> Vec<f64> {
    let db = open(path);
    let (send, jobs) = mpsc::channel::<(PlainRow, i64, oneshot::Sender<()>, oneshot::Sender<()>)>();
    db.execute_batch("CREATE TABLE balances (id TEXT PRIMARY KEY, balance INTEGER NOT NULL)").expect("a table");
    let writer = std::thread::spawn(move || {
        let upsert =
            "INSERT INTO balances VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET balance = balance + excluded.balance";
        while let Ok(first) = jobs.recv() {
            let batch: Vec<_> = std::iter::once(first).chain(jobs.try_iter()).collect();
            db.execute_batch("PRAGMA synchronous = FULL; BEGIN IMMEDIATE").expect("a transaction");
            for (row, ..) in &batch {
                insert(&db, row);
            }
            db.execute_batch("COMMIT").expect("a commit");
            let answered = batch.into_iter().map(|(row, change, answer, shown)| {
                let _ = answer.send(());
                (row.stream, change, shown)
            });
            let answered: Vec<_> = answered.collect();
            db.execute_batch("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE").expect("a transaction");
            for (stream, change, _) in &answered {
                let mut upsert = db.prepare_cached(upsert).expect("a statement");
                upsert.execute((stream, change)).expect("a row");
            }
            db.execute_batch("COMMIT").expect("a commit");
            for (.., shown) in answered {
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
    writer.join().expect("the writer ends");
    figures
}

/// Reads one stream by the index and applies it.
pub(super) fn replay(db: &Connection, events: u64, borrowed: bool) -> f64 {
    let (started, mut state) = (Instant::now(), PlainAccount::default());
    let sql = "SELECT seq, payload FROM events WHERE stream = ? ORDER BY seq";
    let mut query = db.prepare_cached(sql).expect("a statement");
    let mut rows = query.query([account(0)]).expect("rows");
    while let Some(row) = rows.next().expect("a row") {
        let payload = row.get_ref(1).expect("a column").as_blob().expect("a blob");
        if borrowed {
            state.apply_borrowed(&serde_json::from_slice(payload).expect("an event"));
        } else {
            state.apply(&serde_json::from_slice(payload).expect("an event"));
        }
    }
    assert_eq!(state.count, events);
    rate(events, started)
}

/// One upsert an event into a table, 500 events and the checkpoint in a transaction.
pub(super) fn project(db: &Connection, events: u64) -> f64 {
    db.execute_batch(
        "PRAGMA synchronous = NORMAL;
         CREATE TABLE IF NOT EXISTS balances (id TEXT PRIMARY KEY, balance INTEGER);
         CREATE TABLE IF NOT EXISTS checkpoint (id INTEGER PRIMARY KEY, pos INTEGER);
         DELETE FROM balances; DELETE FROM checkpoint; INSERT INTO checkpoint VALUES (1, 0)",
    )
    .expect("tables");
    let (started, mut pos, mut count) = (Instant::now(), 0_i64, 0);
    loop {
        db.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
        let before = count;
        {
            let select = "SELECT pos, stream, payload FROM events WHERE pos > ? ORDER BY pos LIMIT 500";
            let upsert = "INSERT INTO balances VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET balance = balance + excluded.balance";
            let mut select = db.prepare_cached(select).expect("a statement");
            let mut upsert = db.prepare_cached(upsert).expect("a statement");
            let mut rows = select.query([pos]).expect("rows");
            while let Some(row) = rows.next().expect("a row") {
                let payload = row.get_ref(2).expect("a column").as_blob().expect("a blob");
                let change = match serde_json::from_slice(payload).expect("an event") {
                    Borrowed::Deposited { amount, .. } => signed(amount),
                    Borrowed::Withdrawn { amount, .. } => -signed(amount),
                };
                let stream = row.get_ref(1).expect("a column").as_str().expect("a text");
                upsert.execute((stream, change)).expect("a row");
                pos = row.get(0).expect("a number");
                count += 1;
            }
        }
        db.execute("UPDATE checkpoint SET pos = ?", [pos]).expect("a row");
        db.execute_batch("COMMIT").expect("a commit");
        if count == before {
            break;
        }
    }
    assert_eq!(count, events);
    rate(events, started)
}
