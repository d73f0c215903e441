//! The conformance suites for read stores, outboxes and reactions, on a file and in memory.
#![allow(missing_docs, reason = "a test")]

use std::collections::BTreeMap;

use es_core::testing::conformance::read_store::ReadHarness;
use es_core::{BoxError, Projected};
use es_sqlite::{SqliteStore, SqliteTx};
use rusqlite::OptionalExtension;
use tempfile::TempDir;

fn create_table(tx: &SqliteTx) -> Projected {
    Ok(tx.execute_batch("CREATE TABLE numbers (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT")?)
}

fn drop_table(tx: &SqliteTx) -> Projected {
    Ok(tx.execute_batch("DROP TABLE IF EXISTS numbers")?)
}

fn set(tx: &SqliteTx, name: &str, number: i64) -> Projected {
    let sql = "INSERT INTO numbers VALUES (?1, ?2) ON CONFLICT DO UPDATE SET number = ?2";
    Ok(tx.execute(sql, (name, number)).map(drop)?)
}

fn get(tx: &SqliteTx, name: &str) -> Result<Option<i64>, BoxError> {
    let sql = "SELECT number FROM numbers WHERE name = ?1";
    Ok(tx.query_row(sql, [name], |row| row.get(0)).optional()?)
}

async fn table(store: &SqliteStore) -> Option<BTreeMap<String, i64>> {
    let read = store.read(|db| {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'numbers'";
        if db.query_row(sql, (), |row| row.get::<_, i64>(0))? == 0 {
            return Ok(None);
        }
        let mut query = db.prepare("SELECT name, number FROM numbers")?;
        let rows = query.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<Result<_, _>>().map(Some)
    });
    read.await.unwrap()
}

macro_rules! harness {
    ($harness:ty { $($item:item)* }) => {
        impl ReadHarness for $harness {
            type Store = SqliteStore;

            $($item)*

            async fn create_table(tx: &mut SqliteTx) -> Projected {
                create_table(tx)
            }

            async fn drop_table(tx: &mut SqliteTx) -> Projected {
                drop_table(tx)
            }

            async fn set(tx: &mut SqliteTx, name: &str, number: i64) -> Projected {
                set(tx, name, number)
            }

            async fn get(tx: &mut SqliteTx, name: &str) -> Result<Option<i64>, BoxError> {
                get(tx, name)
            }

            async fn table(&self, store: &SqliteStore) -> Option<BTreeMap<String, i64>> {
                table(store).await
            }
        }
    };
}

struct InAFile {
    folder: TempDir,
}

harness!(InAFile {
    async fn create() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.folder.path().join("views.db")).await.unwrap()
    }

    async fn open_again(&self) -> Option<SqliteStore> {
        Some(self.open().await)
    }
});

struct InMemory;

harness!(InMemory {
    async fn create() -> Self {
        Self
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open_in_memory().await.unwrap()
    }
});

mod in_a_file {
    es_core::testing::read_store_conformance!(super::InAFile);

    mod outbox {
        es_core::testing::outbox_conformance!(super::super::InAFile);
    }

    mod reactions {
        es_core::testing::reaction_conformance!(super::super::InAFile);
    }
}

mod in_memory {
    es_core::testing::read_store_conformance!(super::InMemory);

    mod outbox {
        es_core::testing::outbox_conformance!(super::super::InMemory);
    }

    mod reactions {
        es_core::testing::reaction_conformance!(super::super::InMemory);
    }
}
