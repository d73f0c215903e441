//! An account, and a projection of it.

use es_core::prelude::*;
use es_postgres::{PostgresStore, PostgresTx};
use serde::{Deserialize, Serialize};
use sqlx::Executor as _;

#[derive(Command, Debug, Clone)]
pub(crate) struct Increase {
    pub(crate) by: i64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "increased")]
pub(crate) struct Increased {
    pub(crate) by: i64,
}

#[derive(Aggregate, Debug, Default, Clone)]
#[aggregate(name = "account", commands(Increase), events(Increased), error = std::convert::Infallible)]
pub(crate) struct Account {
    #[apply(Increased => self.balance + event.by)]
    pub(crate) balance: i64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

/// The sum of all accounts; each event is a line too, which cannot be there twice.
#[derive(Projection, Default)]
#[projection(name = "sums", store = PostgresStore, events(Increased))]
pub(crate) struct Sums;

impl ReadModel for Sums {
    async fn create(&mut self, tx: &mut PostgresTx) -> Projected {
        tx.execute("CREATE TABLE lines (id uuid PRIMARY KEY)").await?;
        tx.execute("CREATE TABLE sums (account text PRIMARY KEY, sum bigint)").await?;
        Ok(())
    }

    async fn reset(&mut self, tx: &mut PostgresTx) -> Projected {
        tx.execute("DROP TABLE IF EXISTS lines, sums").await?;
        Ok(())
    }
}

impl Project<Increased> for Sums {
    async fn project(&mut self, recorded: &Recorded<Increased>, tx: &mut PostgresTx) -> Projected {
        sqlx::query("INSERT INTO lines VALUES ($1)").bind(recorded.id.as_uuid()).execute(&mut **tx).await?;
        let sql = "INSERT INTO sums VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET sum = sums.sum + $2";
        sqlx::query(sql).bind(recorded.stream.id()).bind(recorded.event.by).execute(&mut **tx).await?;
        Ok(())
    }
}
