//! What several tests need.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use es_core::{
    Append, Appended, EventId, ExpectedVersion, Filter, Journal, JournalError, Metadata, NewEvent, PageSize, Position,
    StreamId,
};
use es_sqlite::SqliteStore;
use tempfile::TempDir;

/// A folder, and a journal's file in it.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal.db");
    (folder, path)
}

pub(crate) fn account(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

/// An event whose payload is `json`.
pub(crate) fn event(json: impl Into<Vec<u8>>) -> NewEvent {
    NewEvent {
        id: EventId::new(),
        name: "noted".into(),
        version: 1,
        format: "json".into(),
        payload: json.into(),
        metadata: Arc::default(),
    }
}

/// As many events as are asked for, with the numbers from 1 as payloads.
pub(crate) fn events(count: usize) -> Vec<NewEvent> {
    (1..=count).map(|number| event(number.to_string())).collect()
}

pub(crate) fn metadata() -> Metadata {
    Metadata {
        actor: Some("teller-7".to_owned()),
        command_id: Some("01234567-89ab-7def-8123-456789abcdef".parse().unwrap()),
        correlation_id: Some("11111111-2222-7333-8444-555555555555".parse().unwrap()),
        causation_id: Some("aaaaaaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee".parse().unwrap()),
        extra: BTreeMap::from([("branch".to_owned(), "north".to_owned())]),
    }
}

pub(crate) fn to(stream: &StreamId, expected: ExpectedVersion, events: Vec<NewEvent>) -> Append {
    Append::to_stream(stream.clone(), expected, events)
}

pub(crate) async fn append(store: &SqliteStore, stream: &StreamId, events: Vec<NewEvent>) -> Appended {
    store.append(to(stream, ExpectedVersion::Any, events)).await.unwrap()
}

/// The payloads of a stream.
pub(crate) async fn payloads(store: &SqliteStore, stream: &StreamId) -> Result<Vec<String>, JournalError> {
    let mut payloads = Vec::new();
    loop {
        let next = payloads.len() as u64 + 1;
        let page = store.read_stream(stream, next..=u64::MAX, PageSize::default()).await?;
        payloads.extend(page.iter().map(|event| String::from_utf8(event.payload.bytes.to_vec()).unwrap()));
        if !page.more() {
            return Ok(payloads);
        }
    }
}

/// The number of all events.
pub(crate) async fn count(store: &SqliteStore) -> Result<usize, JournalError> {
    let (mut count, mut after) = (0, Position::START);
    loop {
        let page = store.read_all(after, &Filter::all(), PageSize::default()).await?;
        count += page.len();
        after = page.next();
        if !page.more() {
            return Ok(count);
        }
    }
}

/// The program of this test, to run the test `name` in a process of its own.
pub(crate) fn this_test(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture", "--test-threads=1"]);
    command
}

/// Numbers that look random, and are the same for the same seed.
pub(crate) struct Random(u64);

impl Random {
    /// Takes the seed from `ES_SEED`, or another each time, and prints it.
    pub(crate) fn new() -> Self {
        let given = std::env::var("ES_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or_else(|| EventId::new().as_uuid().as_u64_pair().1);
        println!("seed {seed}; ES_SEED={seed} does it again");
        Self(seed)
    }

    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", `SplitMix64`.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

pub(crate) fn soak() -> bool {
    std::env::var_os("ES_SOAK").is_some_and(|value| value == "1")
}

/// Checks that the table of ids has those of all whole blocks, and no others.
pub(crate) fn check_ids(db: &rusqlite::Connection) {
    let part = |id: &str| format!("CAST(substr({id}, 2, 5) || substr({id}, 14, 3) AS BLOB)");
    let should = format!(
        "SELECT {}, position FROM events WHERE position <= (SELECT max(position) FROM events) / 64 * 64 UNION
         SELECT {}, position FROM events WHERE position <= (SELECT max(position) FROM events) / 64 * 64
         AND command_id IS NOT NULL",
        part("id"),
        part("command_id")
    );
    let is = "SELECT part, position FROM journal_ids";
    let sql = format!(
        "SELECT (SELECT count(*) FROM (SELECT * FROM ({should}) EXCEPT {is})),
         (SELECT count(*) FROM ({is} EXCEPT SELECT * FROM ({should})))"
    );
    let (missing, more): (i64, i64) = db.query_row(&sql, (), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!((missing, more), (0, 0), "ids that are missing, and such as should not be there");
}
