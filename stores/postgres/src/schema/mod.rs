//! The schema: its name, its versions, and how each is made of the one before it.

mod migrate;

use std::sync::Arc;

use sqlx::AssertSqlSafe;

use crate::error::ConnectError;

pub(crate) use migrate::{Known, Origin, check_place, make_ready};

/// The version of the schema that this program knows.
pub(crate) const VERSION: u32 = 6;
/// How each version is made of the one before it, from 0, no schema. Each file ends with noting its version.
const MIGRATIONS: [&str; VERSION as usize] = [
    include_str!("1.sql"),
    include_str!("2.sql"),
    include_str!("3.sql"),
    include_str!("4.sql"),
    include_str!("5.sql"),
    include_str!("6.sql"),
];

/// What stands for the name of the schema in SQL.
const NAME: &str = "{schema}";

/// The schema that a store has its tables in.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    name: Arc<str>,
    quoted: Arc<str>,
}

impl Schema {
    pub(crate) fn new(name: &str) -> Result<Self, ConnectError> {
        // What is longer PostgreSQL cuts off. A `$` could end the body of a function, where quotes are no help.
        if name.is_empty() || name.len() > 63 || name.contains(['\0', '$']) || name.starts_with("pg_") {
            return Err(ConnectError::SchemaName { name: name.to_owned() });
        }
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        Ok(Self { name: name.into(), quoted: quoted.into() })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A statement of this crate, with the name of the schema wherever `{schema}` stands.
    pub(crate) fn sql(&self, statement: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(statement.replace(NAME, &self.quoted))
    }

    /// All that makes an empty database one that keeps a journal.
    pub(crate) fn all(&self) -> String {
        let mut all = format!("BEGIN;\n\nCREATE SCHEMA IF NOT EXISTS {};\n", self.quoted);
        for migration in MIGRATIONS {
            all.push('\n');
            all.push_str(&migration.replace(NAME, &self.quoted));
        }
        all.push_str("\nCOMMIT;\n");
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_schema_is_quoted() {
        let schema = Schema::new("a \"b\"").unwrap();
        assert_eq!(schema.sql("SELECT * FROM {schema}.events").0, "SELECT * FROM \"a \"\"b\"\"\".events");
    }

    #[test]
    fn what_cannot_name_a_schema_is_refused() {
        for name in ["", "pg_es", "a\0b", "a$b", "a$body$ b", &"s".repeat(64)] {
            assert!(matches!(Schema::new(name), Err(ConnectError::SchemaName { .. })), "{name:?}");
        }
    }
}
