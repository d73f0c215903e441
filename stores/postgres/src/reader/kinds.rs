//! `Kinds`: what an event is, behind the number in its row.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use es_core::{JournalError, Position};
use sqlx::{PgConnection, Row};

use crate::place::Place;
use crate::schema::Schema;

/// What an event is.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) aggregate: String,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) format: String,
}

/// The kinds, by number.
pub(super) type Numbers = BTreeMap<i32, Arc<Kind>>;

/// Remembers which kind has which number: once committed, they never change.
#[derive(Debug, Default)]
pub(crate) struct Kinds(Mutex<Arc<Numbers>>);

impl Kinds {
    fn known(&self) -> MutexGuard<'_, Arc<Numbers>> {
        // What is in it is replaced as a whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that is known now.
    pub(crate) fn all(&self) -> Arc<Numbers> {
        Arc::clone(&self.known())
    }

    /// Reads them anew: there may be more.
    pub(crate) async fn load(
        &self,
        db: &mut PgConnection,
        schema: &Schema,
        place: &Place,
    ) -> Result<Arc<Numbers>, JournalError> {
        let sql = schema.sql("SELECT no, aggregate, name, version, format FROM {schema}.kinds");
        let rows = sqlx::query(sql).fetch_all(db).await;
        let rows = rows.map_err(|error| place.error("read the kinds of events", error))?;
        let mut numbers = Numbers::new();
        for row in rows {
            let no: i32 = row.get(0);
            let version: i64 = row.get(3);
            let version = u32::try_from(version).ok().filter(|version| *version > 0).ok_or_else(|| {
                place.damaged(None, format!("the kind of event with the number {no} has version {version}"))
            })?;
            let kind = Kind { aggregate: row.get(1), name: row.get(2), version, format: row.get(4) };
            numbers.insert(no, Arc::new(kind));
        }
        let numbers = Arc::new(numbers);
        *self.known() = Arc::clone(&numbers);
        Ok(numbers)
    }
}

/// What is said of an event whose kind is not there.
pub(crate) fn no_kind(place: &Place, position: Position, no: i32) -> JournalError {
    place.damaged(Some(position), format!("there is no kind of event with the number {no}"))
}
