//! What the tests share: a schema of its own for each, in one database.

#![allow(dead_code, reason = "not every test needs all of it")]
#![allow(unreachable_pub, reason = "it is a module of tests")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use es_core::{EventId, NewEvent};
use es_postgres::{PostgresStore, PostgresStoreBuilder};
use es_postgres_server::{Database, Server};
use sqlx::AssertSqlSafe;

static DATABASE: OnceLock<Database> = OnceLock::new();
static NUMBER: AtomicU32 = AtomicU32::new(1);

/// A schema in which there is nothing yet.
pub struct Place {
    schema: String,
    url: String,
}

impl Place {
    pub fn new() -> Self {
        let url = DATABASE.get_or_init(|| Server::shared().database()).url();
        Self { schema: format!("journal {}", NUMBER.fetch_add(1, Ordering::Relaxed)), url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn builder(&self) -> PostgresStoreBuilder {
        PostgresStore::builder().schema(&self.schema)
    }

    /// A statement, with the name of the schema for `{schema}`.
    pub fn sql(&self, statement: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(statement.replace("{schema}", &format!("\"{}\"", self.schema)))
    }
}

/// An event that is not in any journal.
pub fn event() -> NewEvent {
    NewEvent {
        id: EventId::new(),
        name: "noted".into(),
        version: 1,
        format: "json".into(),
        payload: br#"{"by":1}"#.to_vec(),
        metadata: Arc::default(),
    }
}

/// Whether the long run was asked for.
pub fn soak() -> bool {
    std::env::var_os("ES_SOAK").is_some_and(|value| value == "1")
}
