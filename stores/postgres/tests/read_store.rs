//! The conformance suite for read stores, on a real server.
#![allow(missing_docs, reason = "a test")]

use std::collections::BTreeMap;

use es_core::testing::conformance::read_store::ReadHarness;
use es_core::{BoxError, Projected};
use es_postgres::{PostgresStore, PostgresTx};
use es_postgres_server::{Database, Server};
use sqlx::Row as _;

struct OnAServer {
    database: Database,
}

impl ReadHarness for OnAServer {
    type Store = PostgresStore;

    async fn create() -> Self {
        Self { database: Server::shared().database() }
    }

    async fn open(&self) -> PostgresStore {
        PostgresStore::connect(&self.database.url()).await.unwrap()
    }

    async fn open_again(&self) -> Option<PostgresStore> {
        Some(self.open().await)
    }

    async fn create_table(tx: &mut PostgresTx) -> Projected {
        let sql = "CREATE TABLE numbers (name text COLLATE \"C\" PRIMARY KEY, number bigint NOT NULL)";
        sqlx::query(sql).execute(&mut **tx).await?;
        Ok(())
    }

    async fn drop_table(tx: &mut PostgresTx) -> Projected {
        sqlx::query("DROP TABLE IF EXISTS numbers").execute(&mut **tx).await?;
        Ok(())
    }

    async fn set(tx: &mut PostgresTx, name: &str, number: i64) -> Projected {
        let sql = "INSERT INTO numbers VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET number = $2";
        sqlx::query(sql).bind(name).bind(number).execute(&mut **tx).await?;
        Ok(())
    }

    async fn get(tx: &mut PostgresTx, name: &str) -> Result<Option<i64>, BoxError> {
        let query = sqlx::query_scalar("SELECT number FROM numbers WHERE name = $1").bind(name);
        Ok(query.fetch_optional(&mut **tx).await?)
    }

    async fn table(&self, store: &PostgresStore) -> Option<BTreeMap<String, i64>> {
        let exists = sqlx::query_scalar::<_, bool>("SELECT to_regclass('numbers') IS NOT NULL");
        if !exists.fetch_one(store.pool()).await.unwrap() {
            return None;
        }
        let rows = sqlx::query("SELECT name, number FROM numbers").fetch_all(store.pool()).await;
        // A rebuild drops the table, and makes it again, in one transaction: then it is another one.
        Some(rows.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}

es_core::testing::read_store_conformance!(OnAServer);

mod reactions {
    es_core::testing::reaction_conformance!(super::OnAServer);
}

mod outbox {
    es_core::testing::outbox_conformance!(super::OnAServer);
}
