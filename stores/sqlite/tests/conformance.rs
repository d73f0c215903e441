//! The conformance suite, on a file and in memory.
#![allow(missing_docs, reason = "a test")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use es_core::Clock;
use es_core::testing::conformance::Harness;
use es_sqlite::SqliteStore;
use rusqlite::{Connection, TransactionBehavior};
use tempfile::TempDir;

struct InAFile {
    folder: TempDir,
}

impl InAFile {
    fn path(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }
}

impl Harness for InAFile {
    type Store = SqliteStore;

    async fn create() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    async fn open(&self, clock: Arc<dyn Clock>) -> SqliteStore {
        SqliteStore::builder().clock(clock).open(self.path()).await.unwrap()
    }

    async fn open_again(&self, clock: Arc<dyn Clock>) -> Option<SqliteStore> {
        Some(self.open(clock).await)
    }

    /// A transaction of another program, which has written and rolls back.
    async fn hold_open(&self) {
        let path = self.path();
        let hold = move || {
            let mut db = Connection::open(path).unwrap();
            db.busy_timeout(Duration::from_mins(1)).unwrap();
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
            transaction.execute("INSERT INTO streams (aggregate, id) VALUES ('held', 'open')", ()).unwrap();
            std::thread::sleep(Duration::from_millis(2));
            transaction.rollback().unwrap();
        };
        tokio::task::spawn_blocking(hold).await.unwrap();
    }
}

struct InMemory;

impl Harness for InMemory {
    type Store = SqliteStore;

    async fn create() -> Self {
        Self
    }

    async fn open(&self, clock: Arc<dyn Clock>) -> SqliteStore {
        SqliteStore::builder().clock(clock).open_in_memory().await.unwrap()
    }
}

mod in_a_file {
    es_core::testing::conformance!(super::InAFile);
    es_core::testing::import_conformance!(super::InAFile);
}

mod in_memory {
    es_core::testing::conformance!(super::InMemory);
    es_core::testing::import_conformance!(super::InMemory);
}
