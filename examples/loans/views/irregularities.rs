use es_core::prelude::*;
use es_sqlite::{SqliteStore, SqliteTx};

use crate::application::IrregularityNoted;
use crate::origin::Origin;

/// The lines of the log that break a rule.
#[derive(Projection, Default)]
#[projection(name = "irregularities", version = 1, store = SqliteStore, events(IrregularityNoted))]
pub struct Irregularities;

impl ReadModel for Irregularities {
    async fn create(&mut self, tx: &mut SqliteTx) -> Projected {
        tx.execute_batch(
            "CREATE TABLE irregularities (
                 line INTEGER PRIMARY KEY, application TEXT NOT NULL, activity TEXT NOT NULL, transition TEXT NOT NULL,
                 rule TEXT NOT NULL
             ) STRICT",
        )?;
        Ok(())
    }

    async fn reset(&mut self, tx: &mut SqliteTx) -> Projected {
        tx.execute_batch("DROP TABLE IF EXISTS irregularities")?;
        Ok(())
    }
}

impl Project<IrregularityNoted> for Irregularities {
    async fn project(&mut self, recorded: &Recorded<IrregularityNoted>, tx: &mut SqliteTx) -> Projected {
        let IrregularityNoted { activity, transition, rule } = &recorded.event;
        let line = Origin::of(&recorded.metadata)?.line;
        let sql = "INSERT INTO irregularities VALUES (?1, ?2, ?3, ?4, ?5)";
        tx.execute(sql, (line, recorded.stream.id(), activity, transition, rule.to_string()))?;
        Ok(())
    }
}
