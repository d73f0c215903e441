use es_core::prelude::*;
use es_sqlite::{SqliteStore, SqliteTx};

use crate::application::{Decided, Submitted, Verdict};
use crate::origin::Origin;

/// When each application was submitted and decided, in microseconds since 1970.
#[derive(Projection, Default)]
#[projection(name = "decisions", version = 1, store = SqliteStore, events(Submitted, Decided))]
pub struct Decisions;

impl ReadModel for Decisions {
    async fn create(&mut self, tx: &mut SqliteTx) -> Projected {
        tx.execute_batch(
            "CREATE TABLE decisions (
                 application TEXT PRIMARY KEY, day TEXT NOT NULL, submitted INTEGER NOT NULL,
                 verdict TEXT, decided INTEGER
             ) STRICT",
        )?;
        Ok(())
    }

    async fn reset(&mut self, tx: &mut SqliteTx) -> Projected {
        tx.execute_batch("DROP TABLE IF EXISTS decisions")?;
        Ok(())
    }
}

impl Project<Submitted> for Decisions {
    async fn project(&mut self, recorded: &Recorded<Submitted>, tx: &mut SqliteTx) -> Projected {
        let Origin { day, time, .. } = Origin::of(&recorded.metadata)?;
        let sql = "INSERT INTO decisions (application, day, submitted) VALUES (?1, ?2, ?3)";
        tx.execute(sql, (recorded.stream.id(), day, time.as_micros()))?;
        Ok(())
    }
}

impl Project<Decided> for Decisions {
    async fn project(&mut self, recorded: &Recorded<Decided>, tx: &mut SqliteTx) -> Projected {
        let verdict = match recorded.event.verdict {
            Verdict::Approved => "approved",
            Verdict::Declined => "declined",
            Verdict::Cancelled => "cancelled",
        };
        let decided = Origin::of(&recorded.metadata)?.time.as_micros();
        let sql = "UPDATE decisions SET verdict = ?2, decided = ?3 WHERE application = ?1";
        tx.execute(sql, (recorded.stream.id(), verdict, decided))?;
        Ok(())
    }
}
