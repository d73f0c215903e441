//! What is left when a store is closed.
#![allow(missing_docs, reason = "a test")]

use es_core::{Journal, PageSize, StreamId};
use es_sqlite::SqliteStore;

#[tokio::test]
async fn a_closed_store_leaves_one_file() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..20 {
        let store = SqliteStore::open(folder.path().join("bank.db")).await.unwrap();
        let stream = StreamId::new("account", "alice").unwrap();
        store.read_stream(&stream, 1..=u64::MAX, PageSize::default()).await.unwrap();
        store.close().await;
        let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["bank.db"]);
    }
}
