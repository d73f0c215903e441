//! Events and states that change, on a file: the tests of es-core on this store.
#![allow(missing_docs, unreachable_pub, reason = "a test")]

mod columns;
#[path = "../../../../es-core/tests/evolution/formats.rs"]
mod formats;
mod inline;
#[path = "../../../../es-core/tests/evolution/renamed.rs"]
mod renamed;
#[path = "../../../../es-core/tests/evolution/rolling.rs"]
mod rolling;

use es_core::{Append, EventId, ExpectedVersion, Journal, NewEvent, StreamId};
use es_sqlite::SqliteStore;
use tempfile::TempDir;

pub(crate) type Store = SqliteStore;

/// An empty store, and what keeps it there.
pub(crate) async fn open() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("journal.db")).await.unwrap();
    (folder, store)
}

/// Appends to the account of alice what a program of another release wrote.
pub(crate) async fn append(store: &Store, name: &'static str, version: u32, json: &[u8]) {
    let event = NewEvent {
        id: EventId::new(),
        name: name.into(),
        version,
        format: "json".into(),
        payload: json.to_vec(),
        metadata: std::sync::Arc::default(),
    };
    let alice = StreamId::new("account", "alice").unwrap();
    store.append(Append::to_stream(alice, ExpectedVersion::Any, vec![event])).await.unwrap();
}
