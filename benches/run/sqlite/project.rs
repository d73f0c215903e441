//! A projection into a table.

use std::time::Instant;

use es_core::prelude::*;
use es_sqlite::{SqliteStore, SqliteTx};
use tokio::runtime::Runtime;

use super::{Place, raw};
use crate::domain::{Deposited, Withdrawn};
use crate::growth::streams;
use crate::journal::append;
use crate::measure::{Workload, rate};

/// The balance of each account.
#[derive(Projection, Default)]
#[projection(name = "balances", version = 1, store = SqliteStore, events(Deposited, Withdrawn))]
pub(crate) struct Balances;

impl ReadModel for Balances {
    async fn create(&mut self, tx: &mut SqliteTx) -> Projected {
        Ok(tx.execute_batch("CREATE TABLE balances (id TEXT PRIMARY KEY, balance INTEGER NOT NULL)")?)
    }

    async fn reset(&mut self, tx: &mut SqliteTx) -> Projected {
        Ok(tx.execute_batch("DROP TABLE IF EXISTS balances")?)
    }
}

fn change(tx: &mut SqliteTx, account: &str, by: i64) -> Projected {
    let sql = "INSERT INTO balances VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET balance = balance + excluded.balance";
    tx.prepare_cached(sql)?.execute((account, by))?;
    Ok(())
}

impl Project<Deposited> for Balances {
    async fn project(&mut self, recorded: &Recorded<Deposited>, tx: &mut SqliteTx) -> Projected {
        change(tx, recorded.stream.id(), raw::signed(recorded.event.amount))
    }
}

impl Project<Withdrawn> for Balances {
    async fn project(&mut self, recorded: &Recorded<Withdrawn>, tx: &mut SqliteTx) -> Projected {
        change(tx, recorded.stream.id(), -raw::signed(recorded.event.amount))
    }
}

pub(super) fn workload(runtime: &'static Runtime, place: &'static Place, events: u64) -> Workload {
    let db = raw::open(&place.fresh("raw"));
    raw::fill(&db, events, 1_000);
    let path = place.fresh("es");
    let store = runtime.block_on(async {
        let store = SqliteStore::open(&path).await.expect("a journal");
        append(&store, events, 0..1_000).await;
        store
    });
    Workload::new("sqlite/project", format!("events, {events} into a table, one upsert an event"))
        .target(0.6)
        .subject("rusqlite, 500 a transaction", move || raw::project(&db, events))
        .subject("es: run_to_head", move || {
            let store = store.clone();
            runtime.block_on(async move {
                let work = async move {
                    let projector = Projector::new(&store, &store, Balances);
                    let handle = projector.spawn();
                    handle
                        .wait_for(es_core::Journal::head(&store).await.expect("a head"))
                        .await
                        .expect("it catches up");
                    let started = Instant::now();
                    handle.rebuild().await.expect("it is made again");
                    let rate = rate(events, started);
                    handle.stop().await.expect("it ends");
                    rate
                };
                tokio::spawn(work).await.expect("it ends")
            })
        })
}

/// Projects the whole journal, and checks that it did.
pub(crate) async fn project_all(store: &SqliteStore, events: u64) {
    Projector::new(store, store, Balances).run_to_head().await.expect("it catches up");
    let shown = store.read(|db| db.query_row("SELECT count(*) FROM balances", (), |row| row.get::<_, i64>(0))).await;
    assert!(shown.expect("the table") >= raw::signed(streams(events)));
}
