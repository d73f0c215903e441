//! The numbers of the kinds of events that are written.

use std::collections::HashMap;

use es_core::NewEvent;
use sqlx::{PgConnection, Row};

use crate::schema::Schema;

/// By aggregate, then by name: the versions and formats there are.
#[derive(Debug, Default)]
pub(super) struct KindNumbers(HashMap<String, HashMap<String, Vec<Known>>>);

#[derive(Debug)]
struct Known {
    version: u32,
    format: String,
    no: i32,
}

/// A kind of event that has no number yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NewKind<'a> {
    aggregate: &'a str,
    name: &'a str,
    version: u32,
    format: &'a str,
}

impl<'a> NewKind<'a> {
    pub(super) const fn new(aggregate: &'a str, name: &'a str, version: u32, format: &'a str) -> Self {
        Self { aggregate, name, version, format }
    }

    pub(super) fn of(aggregate: &'a str, event: &'a NewEvent) -> Self {
        Self::new(aggregate, &event.name, event.version, &event.format)
    }
}

impl KindNumbers {
    pub(super) fn get(&self, kind: NewKind<'_>) -> Option<i32> {
        let known = self.0.get(kind.aggregate)?.get(kind.name)?;
        known.iter().find(|known| known.version == kind.version && known.format == kind.format).map(|known| known.no)
    }

    /// Gives numbers to kinds. This is committed by itself: what the kinds are needed for may fail.
    pub(super) async fn add(
        &mut self,
        db: &mut PgConnection,
        schema: &Schema,
        kinds: &[NewKind<'_>],
    ) -> Result<(), sqlx::Error> {
        let aggregates: Vec<_> = kinds.iter().map(|kind| kind.aggregate).collect();
        let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
        let versions: Vec<_> = kinds.iter().map(|kind| i64::from(kind.version)).collect();
        let formats: Vec<_> = kinds.iter().map(|kind| kind.format).collect();
        for sql in [include_str!("new_kinds.sql"), include_str!("kind_numbers.sql")] {
            let rows = sqlx::query(schema.sql(sql))
                .bind(&aggregates)
                .bind(&names)
                .bind(&versions)
                .bind(&formats)
                .fetch_all(&mut *db)
                .await?;
            for row in rows {
                let (kind, no): (i64, i32) = (row.try_get(0)?, row.try_get(1)?);
                let kind = usize::try_from(kind - 1).ok().and_then(|index| kinds.get(index));
                let Some(NewKind { aggregate, name, version, format }) = kind else { continue };
                let names = self.0.entry((*aggregate).to_owned()).or_default();
                let known = Known { version: *version, format: (*format).to_owned(), no };
                names.entry((*name).to_owned()).or_default().push(known);
            }
        }
        Ok(())
    }
}
