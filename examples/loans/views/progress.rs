use es_core::prelude::*;
use es_sqlite::{SqliteStore, SqliteTx};

use crate::application::{Application, ApplicationEvent};
use crate::origin::Origin;

/// The last line of the log that is in the journal: where an import that was killed goes on.
#[derive(Projection, Default)]
#[projection(name = "progress", version = 1, store = SqliteStore, batch, events(all of Application))]
pub struct Progress;

impl ReadModel for Progress {
    async fn create(&mut self, tx: &mut SqliteTx) -> Projected {
        tx.execute_batch("CREATE TABLE progress (line INTEGER NOT NULL, id TEXT NOT NULL) STRICT")?;
        tx.execute("INSERT INTO progress VALUES (0, '')", ())?;
        Ok(())
    }

    async fn reset(&mut self, tx: &mut SqliteTx) -> Projected {
        tx.execute_batch("DROP TABLE IF EXISTS progress")?;
        Ok(())
    }
}

impl ProjectBatch for Progress {
    async fn project_batch(&mut self, events: &[Recorded<ApplicationEvent>], tx: &mut SqliteTx) -> Projected {
        // The lines of one append stand in the journal application by application.
        let mut last: Option<(i64, &Metadata)> = None;
        for Recorded { metadata, .. } in events {
            let Origin { line, .. } = Origin::of(metadata)?;
            if last.is_none_or(|(before, _)| before < line) {
                last = Some((line, metadata));
            }
        }
        if let Some((line, metadata)) = last {
            let id = metadata.causation_id.map(|id| id.to_string()).unwrap_or_default();
            tx.execute("UPDATE progress SET line = ?1, id = ?2 WHERE line < ?1", (line, id))?;
        }
        Ok(())
    }
}
