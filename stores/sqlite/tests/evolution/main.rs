//! Events and states that change, on a file: the tests of es-core on this store.
#![allow(missing_docs, unreachable_pub, reason = "a test")]

mod columns;
#[path = "../../../../es-core/tests/evolution/formats.rs"]
mod formats;

use es_sqlite::SqliteStore;
use tempfile::TempDir;

pub(crate) type Store = SqliteStore;

/// An empty store, and what keeps it there.
pub(crate) async fn open() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("journal.db")).await.unwrap();
    (folder, store)
}
