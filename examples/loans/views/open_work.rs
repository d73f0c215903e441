use es_core::prelude::*;
use es_sqlite::{SqliteStore, SqliteTx};

use crate::application::{WorkCompleted, WorkScheduled, WorkStarted};
use crate::origin::Origin;

/// The work items that are open, with the clerk who has each: the one who started it or, while it waits, the one who
/// scheduled it.
#[derive(Projection, Default)]
#[projection(name = "open_work", version = 1, store = SqliteStore, events(WorkScheduled, WorkStarted, WorkCompleted))]
pub struct OpenWork;

impl ReadModel for OpenWork {
    async fn create(&mut self, tx: &mut SqliteTx) -> Projected {
        tx.execute_batch(
            "CREATE TABLE open_work (
                 application TEXT NOT NULL, work TEXT NOT NULL, state TEXT NOT NULL, clerk TEXT, since TEXT NOT NULL,
                 PRIMARY KEY (application, work, state)
             ) STRICT",
        )?;
        Ok(())
    }

    async fn reset(&mut self, tx: &mut SqliteTx) -> Projected {
        tx.execute_batch("DROP TABLE IF EXISTS open_work")?;
        Ok(())
    }
}

impl Project<WorkScheduled> for OpenWork {
    async fn project(&mut self, recorded: &Recorded<WorkScheduled>, tx: &mut SqliteTx) -> Projected {
        open(recorded, &recorded.event.work, "waiting", tx)
    }
}

impl Project<WorkStarted> for OpenWork {
    async fn project(&mut self, recorded: &Recorded<WorkStarted>, tx: &mut SqliteTx) -> Projected {
        close(recorded, &recorded.event.work, "waiting", tx)?;
        open(recorded, &recorded.event.work, "in hand", tx)
    }
}

impl Project<WorkCompleted> for OpenWork {
    async fn project(&mut self, recorded: &Recorded<WorkCompleted>, tx: &mut SqliteTx) -> Projected {
        close(recorded, &recorded.event.work, "in hand", tx)
    }
}

fn open<E>(recorded: &Recorded<E>, work: &str, state: &str, tx: &SqliteTx) -> Projected {
    let Origin { clerk, time, .. } = Origin::of(&recorded.metadata)?;
    let sql = "INSERT INTO open_work VALUES (?1, ?2, ?3, ?4, ?5)";
    tx.execute(sql, (recorded.stream.id(), work, state, clerk, time.to_string()))?;
    Ok(())
}

fn close<E>(recorded: &Recorded<E>, work: &str, state: &str, tx: &SqliteTx) -> Projected {
    let sql = "DELETE FROM open_work WHERE application = ?1 AND work = ?2 AND state = ?3";
    tx.execute(sql, (recorded.stream.id(), work, state))?;
    Ok(())
}
