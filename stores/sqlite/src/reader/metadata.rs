//! The metadata of an event, for those that have any.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use es_core::Metadata;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, Row};
use uuid::Uuid;

use super::row::as_id;
use crate::place::Failure;

/// Empty metadata, the same for all.
pub(super) static NO_METADATA: LazyLock<Arc<Metadata>> = LazyLock::new(Arc::default);

/// Asks for metadata; the statement is made for the first event of a page that has any.
pub(super) struct MetadataQuery<'a> {
    db: &'a Connection,
    statement: Option<CachedStatement<'a>>,
}

const SQL: &str = "SELECT actor, command_id, correlation_id, causation_id, extra FROM events WHERE position = ?1";

impl<'a> MetadataQuery<'a> {
    pub(super) fn new(db: &'a Connection) -> Self {
        Self { db, statement: None }
    }

    /// The metadata of the event at a position.
    pub(super) fn of(&mut self, position: u64) -> Result<Arc<Metadata>, Failure> {
        let statement = match &mut self.statement {
            Some(statement) => statement,
            none => none.insert(self.db.prepare_cached(SQL)?),
        };
        let mut rows = statement.query([super::as_integer(position)])?;
        match rows.next()? {
            Some(row) => MetadataRow { row, position }.metadata().map(Arc::new),
            None => Ok(Arc::clone(&NO_METADATA)),
        }
    }
}

struct MetadataRow<'a> {
    row: &'a Row<'a>,
    position: u64,
}

impl<'a> MetadataRow<'a> {
    fn damaged(&self, what: impl Into<String>) -> Failure {
        Failure::Damaged { position: Some(self.position), what: what.into() }
    }

    fn uuid(&self, index: usize, what: &str) -> Result<Option<Uuid>, Failure> {
        match self.row.get_ref(index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) if let Some(id) = as_id(bytes) => Ok(Some(id)),
            _ => Err(self.damaged(format!("the {what} of an event is not a UUID of 16 bytes"))),
        }
    }

    fn text(&self, index: usize, what: &str) -> Result<Option<&'a str>, Failure> {
        match self.row.get_ref(index)?.as_str_or_null() {
            Ok(text) => Ok(text),
            Err(_) => Err(self.damaged(format!("the {what} of an event is not a text"))),
        }
    }

    fn metadata(&self) -> Result<Metadata, Failure> {
        let extra = match self.text(4, "metadata")? {
            None => BTreeMap::new(),
            Some(json) => serde_json::from_str(json).map_err(|error| {
                self.damaged(format!("the metadata of an event is not a JSON object of texts: {error}"))
            })?,
        };
        Ok(Metadata {
            actor: self.text(0, "actor")?.map(str::to_owned),
            command_id: self.uuid(1, "command id")?.map(Into::into),
            correlation_id: self.uuid(2, "correlation id")?.map(Into::into),
            causation_id: self.uuid(3, "causation id")?.map(Into::into),
            extra,
        })
    }
}
