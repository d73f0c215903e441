use std::collections::BTreeMap;

use es_core::prelude::*;
use es_sqlite::{SqliteStore, SqliteTx};

use crate::activity;
use crate::application::{Application, ApplicationEvent};

/// How often each activity happened.
#[derive(Projection, Default)]
#[projection(name = "activities", version = 1, store = SqliteStore, batch, events(all of Application))]
pub struct Activities;

impl ReadModel for Activities {
    async fn create(&mut self, tx: &mut SqliteTx) -> Projected {
        tx.execute_batch(
            "CREATE TABLE activities (
                 activity TEXT NOT NULL, transition TEXT NOT NULL, times INTEGER NOT NULL, irregular INTEGER NOT NULL,
                 PRIMARY KEY (activity, transition)
             ) STRICT",
        )?;
        Ok(())
    }

    async fn reset(&mut self, tx: &mut SqliteTx) -> Projected {
        tx.execute_batch("DROP TABLE IF EXISTS activities")?;
        Ok(())
    }
}

impl ProjectBatch for Activities {
    async fn project_batch(&mut self, events: &[Recorded<ApplicationEvent>], tx: &mut SqliteTx) -> Projected {
        let mut counts = BTreeMap::<_, (i64, i64)>::new();
        for Recorded { event, .. } in events {
            let (times, irregular) = counts.entry(activity::of_event(event)).or_default();
            *times += 1;
            *irregular += i64::from(matches!(event, ApplicationEvent::IrregularityNoted(_)));
        }
        let sql = "INSERT INTO activities VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT DO UPDATE SET times = times + ?3, irregular = irregular + ?4";
        for ((activity, transition), (times, irregular)) in counts {
            tx.execute(sql, (activity, transition, times, irregular))?;
        }
        Ok(())
    }
}
