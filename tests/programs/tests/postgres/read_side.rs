//! The contract program of the read side on PostgreSQL: the same, with the statements and the calls of sqlx.

use std::collections::BTreeMap;

use es_core::prelude::*;
use es_postgres::{PostgresStore, PostgresTx};

use crate::bank::{Account, Decreased, Increase, Increased};

/// The balance of each account, as a table that any SQL client can read.
#[derive(Projection, Default)]
#[projection(name = "balances", version = 1, store = PostgresStore, events(Increased, Decreased))]
pub struct Balances;

impl ReadModel for Balances {
    async fn create(&mut self, tx: &mut PostgresTx) -> Projected {
        let sql = "CREATE TABLE balances (account text PRIMARY KEY, balance bigint NOT NULL)";
        sqlx::query(sql).execute(&mut **tx).await?;
        Ok(())
    }

    async fn reset(&mut self, tx: &mut PostgresTx) -> Projected {
        sqlx::query("DROP TABLE IF EXISTS balances").execute(&mut **tx).await?;
        Ok(())
    }
}

impl Project<Increased> for Balances {
    async fn project(&mut self, recorded: &Recorded<Increased>, tx: &mut PostgresTx) -> Projected {
        let sql =
            "INSERT INTO balances VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET balance = balances.balance + $2";
        sqlx::query(sql).bind(recorded.stream.id()).bind(recorded.event.by as i64).execute(&mut **tx).await?;
        Ok(())
    }
}

impl Project<Decreased> for Balances {
    async fn project(&mut self, recorded: &Recorded<Decreased>, tx: &mut PostgresTx) -> Projected {
        let sql = "UPDATE balances SET balance = balance - $2 WHERE account = $1";
        sqlx::query(sql).bind(recorded.stream.id()).bind(recorded.event.by as i64).execute(&mut **tx).await?;
        Ok(())
    }
}

/// The same view in memory: rebuilt from the journal at each start.
#[derive(Projection, Default)]
#[projection(name = "richest", in_memory, events(Increased))]
pub struct Richest {
    pub paid_in: BTreeMap<String, u64>,
}

impl Project<Increased> for Richest {
    async fn project(&mut self, recorded: &Recorded<Increased>, (): &mut ()) -> Projected {
        *self.paid_in.entry(recorded.stream.id().into()).or_default() += recorded.event.by;
        Ok(())
    }
}

#[tokio::main]
pub async fn main() -> Result<(), BoxError> {
    let store = PostgresStore::connect(&crate::url()).await?;
    let accounts = Repository::<Account, _>::new(&store);

    // From a journal, into a read store: here the same database holds both.
    let balances = Projector::new(&store, &store, Balances).spawn();
    let richest = Projector::in_memory(&store, Richest::default()).spawn();

    let outcome = accounts.execute("alice", Increase { by: 100 }).await?;

    // Read your own write: wait until the view has caught up with it.
    balances.wait_for(outcome.position).await?;
    let sql = "SELECT balance FROM balances WHERE account = 'alice'";
    let balance: i64 = sqlx::query_scalar(sql).fetch_one(store.pool()).await?;
    assert_eq!(balance, 100);

    richest.wait_for(outcome.position).await?;
    assert_eq!(richest.view().await.paid_in["alice"], 100);

    let status = balances.status();
    assert_eq!((status.name, status.position, status.head), ("balances", outcome.position, outcome.position));

    // Throw the view away and build it anew from the journal.
    balances.rebuild().await?;
    let balance: i64 = sqlx::query_scalar(sql).fetch_one(store.pool()).await?;
    assert_eq!(balance, 100);
    balances.stop().await?;
    richest.stop().await?;
    Ok(())
}
