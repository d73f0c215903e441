//! A projection into a table, in batches.

use std::collections::BTreeMap;
use std::time::Instant;

use es_core::Journal;
use es_core::prelude::*;
use es_postgres::{PostgresStore, PostgresTx};
use sqlx::{Executor as _, Row as _};

use super::signed;
use crate::domain::{Deposited, Withdrawn};
use crate::growth::streams;
use crate::measure::rate;
use crate::view;

/// The balance of each account.
#[derive(Projection, Default)]
#[projection(name = "balances", version = 1, store = PostgresStore, batch, events(Deposited, Withdrawn))]
pub(crate) struct Balances;

impl ReadModel for Balances {
    async fn create(&mut self, tx: &mut PostgresTx) -> Projected {
        // That of a projection of another journal.
        tx.execute("DROP TABLE IF EXISTS balances").await?;
        tx.execute("CREATE TABLE balances (id text PRIMARY KEY, balance bigint NOT NULL)").await?;
        Ok(())
    }

    async fn reset(&mut self, tx: &mut PostgresTx) -> Projected {
        tx.execute("DROP TABLE IF EXISTS balances").await?;
        Ok(())
    }
}

impl ProjectBatch for Balances {
    async fn project_batch(&mut self, events: &[Recorded<BalancesEvent>], tx: &mut PostgresTx) -> Projected {
        let mut changes: BTreeMap<&str, i64> = BTreeMap::new();
        for recorded in events {
            let change = match &recorded.event {
                BalancesEvent::Deposited(deposited) => signed(deposited.amount),
                BalancesEvent::Withdrawn(withdrawn) => -signed(withdrawn.amount),
            };
            *changes.entry(recorded.stream.id()).or_default() += change;
        }
        let (ids, by): (Vec<&str>, Vec<i64>) = changes.into_iter().unzip();
        let upsert = "INSERT INTO balances SELECT * FROM UNNEST ($1::text[], $2::bigint[])
                      ON CONFLICT (id) DO UPDATE SET balance = balances.balance + excluded.balance";
        sqlx::query(upsert).bind(ids).bind(by).execute(&mut **tx).await?;
        Ok(())
    }
}

pub(super) async fn project(store: PostgresStore, events: u64) -> f64 {
    let work = async move {
        let handle = Projector::new(&store, &store, Balances).spawn();
        handle.wait_for(store.head().await.expect("a head")).await.expect("it catches up");
        let started = Instant::now();
        handle.rebuild().await.expect("it is made again");
        let rate = rate(events, started);
        handle.stop().await.expect("it ends");
        rate
    };
    tokio::spawn(work).await.expect("it ends")
}

/// Projects the whole journal into memory.
pub(super) async fn view(store: PostgresStore, events: u64) -> f64 {
    let work = async move {
        let started = Instant::now();
        let mut projector = Projector::in_memory(&store, view::Balances::default());
        let balances = projector.handle();
        projector.run_to_head().await.expect("it catches up");
        assert_eq!(balances.view().await.events, events);
        rate(events, started)
    };
    tokio::spawn(work).await.expect("it ends")
}

/// Projects the whole journal, and checks that it did.
pub(crate) async fn project_all(store: &PostgresStore, events: u64) {
    Projector::new(store, store, Balances).run_to_head().await.expect("it catches up");
    let shown: i64 = sqlx::query("SELECT count(*) FROM balances").fetch_one(store.pool()).await.expect("a row").get(0);
    assert!(shown >= signed(streams(events)));
}
