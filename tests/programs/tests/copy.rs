//! A journal goes from SQLite to PostgreSQL and back, and a bank goes on with it on each.
#![allow(missing_docs, reason = "a test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use es_core::{
    Append, EventId, ExpectedVersion, Filter, Journal, JournalCopy, Metadata, NewEvent, PageSize, Position, Snapshot,
    SnapshotStore, StreamAppend, StreamId, Timestamp,
};
use es_postgres::PostgresStore;
use es_postgres_server::Server;
use es_sqlite::{Durability, SqliteStore};
use tempfile::TempDir;

const APPENDS: u64 = 1_500;

async fn sqlite(path: &Path) -> SqliteStore {
    SqliteStore::builder().durability(Durability::Relaxed).open(path).await.unwrap()
}

/// Payloads that a store may be tempted to change: JSON with blanks, doubled keys, numbers written otherwise, what is
/// called JSON and is none, and bytes.
fn payload(number: u64) -> (&'static str, Vec<u8>) {
    match number % 7 {
        0 => ("json", format!(r#"{{ "b":1, "a" : [1e2, 1.0, -0.0],"number":{number} }}"#).into_bytes()),
        1 => ("json", format!(r#"{{"a":1,"a":2,"text":"\u00e9\ud83d\ude00 é","number":{number}}}"#).into_bytes()),
        2 => ("json", b"{not json".to_vec()),
        3 => ("json", br#"{"nul":"\u0000"}"#.to_vec()),
        4 => ("postcard", vec![0, 255, 128, 7]),
        5 => ("json", b"123456789012345678901234567890.123456789".to_vec()),
        _ => ("bytes", Vec::new()),
    }
}

fn metadata(number: u64) -> Metadata {
    if number.is_multiple_of(3) {
        return Metadata::default();
    }
    Metadata {
        actor: Some(format!("teller {number} 'é'\0")),
        command_id: Some(es_core::CommandId::from_name(&number.to_string())),
        correlation_id: number.is_multiple_of(2).then(es_core::CorrelationId::new),
        causation_id: number.is_multiple_of(5).then(es_core::CausationId::new),
        extra: BTreeMap::from([("key \"x\"".to_owned(), "a\nb".to_owned()), (String::new(), "\u{1f600}".to_owned())]),
    }
}

async fn fill(store: &SqliteStore) {
    for number in 0..APPENDS {
        let aggregate = ["account", "loan", "account-2"][usize::try_from(number % 3).unwrap()];
        let stream = StreamId::new(aggregate, &format!("{}/é%_", number % 100)).unwrap();
        let metadata = Arc::new(metadata(number));
        let new = |index: u64| {
            let (format, payload) = payload(number + index);
            NewEvent {
                id: EventId::new(),
                name: format!("noted.{}", index % 4).into(),
                version: 1 + u32::try_from(index % 3).unwrap(),
                format: format.into(),
                payload,
                metadata: Arc::clone(&metadata),
            }
        };
        let events: Vec<NewEvent> = (0..=number % 4).map(new).collect();
        let last = events[events.len() - 1].id;
        let part = StreamAppend { stream: stream.clone(), expected: ExpectedVersion::Any, events };
        let appended = store.append(Append { streams: vec![part] }).await.unwrap();
        if number.is_multiple_of(10) {
            let version = *appended.streams[0].versions.as_ref().unwrap().end();
            let payload = (0..=255).cycle().take(usize::try_from(number).unwrap() * 3).collect();
            let format = "json:00ff".to_owned();
            let snapshot = Snapshot { stream, version, event_id: last, format, taken_at: Timestamp::now(), payload };
            store.save_snapshot(snapshot).await.unwrap();
        }
    }
}

/// All rows of the tables that a journal is made of.
async fn tables(store: &SqliteStore) -> Vec<String> {
    let mut all = Vec::new();
    for table in ["streams", "kinds", "events", "snapshots"] {
        let rows = store.read(move |db| {
            let mut query = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2, 3"))?;
            let columns = query.column_count();
            let rows = query.query_map((), |row| {
                let values = (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column));
                Ok(format!("{table}: {:?}", values.collect::<Result<Vec<_>, _>>()?))
            })?;
            rows.collect::<Result<Vec<_>, _>>()
        });
        all.extend(rows.await.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_sqlite_to_postgresql_and_back_a_journal_is_the_same_to_the_byte() {
    let folder = TempDir::new().unwrap();
    let from = sqlite(&folder.path().join("from.db")).await;
    fill(&from).await;
    let database = Server::shared().database();
    let server = PostgresStore::connect(&database.url()).await.unwrap();

    // In two runs, as if the first had been ended.
    let page = from.read_all(Position::START, &Filter::all(), PageSize::events(300)).await.unwrap();
    es_core::ImportJournal::import(&server, Arc::new(page)).await.unwrap();
    let out = JournalCopy::new(&from, &server).page_size(PageSize::events(1_000)).run().await.unwrap();
    assert_eq!(out.events - out.new, 300);
    JournalCopy::new(&from, &server).verify().await.unwrap();

    let back = sqlite(&folder.path().join("back.db")).await;
    JournalCopy::new(&server, &back).run().await.unwrap();
    let (before, after) = (tables(&from).await, tables(&back).await);
    println!("{} events and {} snapshots copied twice, {} rows compared", out.events, out.snapshots, before.len());
    assert!(out.events > APPENDS && out.snapshots > 50);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    assert_eq!(before.len(), after.len());

    // And it goes on, in the middle.
    let stream = StreamId::new("account", "0/é%_").unwrap();
    let version = from.version(&stream).await.unwrap();
    let command = metadata(300).command_id.unwrap_or_else(|| es_core::CommandId::from_name("303"));
    assert_eq!(
        server.find_command(&stream, command).await.unwrap(),
        from.find_command(&stream, command).await.unwrap()
    );
    let (format, payload) = payload(0);
    let event = NewEvent {
        id: EventId::new(),
        name: "noted.0".into(),
        version: 1,
        format: format.into(),
        payload,
        metadata: Arc::default(),
    };
    let append = Append::to_stream(stream, ExpectedVersion::Exact(version), vec![event]);
    server.append(append).await.unwrap();
    let copied = JournalCopy::new(&server, &back).run().await.unwrap();
    assert_eq!(copied.new, 1);
    server.close().await;
}
