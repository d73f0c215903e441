//! The conformance suite, on a real server.
#![allow(missing_docs, reason = "a test")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::Place;
use es_core::Clock;
use es_core::testing::conformance::Harness;
use es_postgres::PostgresStore;
use sqlx::{Connection, PgConnection};

struct InASchema(Place);

impl Harness for InASchema {
    type Store = PostgresStore;

    /// Each costs some round trips.
    const HISTORIES: u64 = 50;

    async fn create() -> Self {
        Self(Place::new())
    }

    async fn open(&self, clock: Arc<dyn Clock>) -> PostgresStore {
        self.0.builder().clock(clock).connect(self.0.url()).await.unwrap()
    }

    async fn open_again(&self, clock: Arc<dyn Clock>) -> Option<PostgresStore> {
        Some(self.open(clock).await)
    }

    /// A transaction of another program: it has its id and a number of the order, and rolls back.
    async fn hold_open(&self) {
        let mut db = PgConnection::connect(self.0.url()).await.unwrap();
        let mut transaction = db.begin().await.unwrap();
        let sql =
            self.0.sql("SELECT pg_current_xact_id(), nextval(pg_get_serial_sequence('{schema}.events', 'number'))");
        sqlx::query(sql).execute(&mut *transaction).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
        transaction.rollback().await.unwrap();
        db.close().await.unwrap();
    }
}

es_core::testing::conformance!(InASchema);

mod import {
    es_core::testing::import_conformance!(super::InASchema);
}
