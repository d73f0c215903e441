//! What a person finds in the file, and what becomes of it when it is opened again.
#![allow(missing_docs, reason = "a test")]

use es_core::{Journal, StreamId};
use es_sqlite::SqliteStore;

#[tokio::test]
async fn a_new_journal_has_no_events() {
    let store = SqliteStore::open_in_memory().await.unwrap();
    assert_eq!(store.version(&StreamId::new("account", "alice").unwrap()).await.unwrap(), 0);
}
