//! An account, and the table of balances.

use std::future::Future;
use std::pin::Pin;

use es_core::prelude::*;
use es_postgres::{PostgresStore, PostgresTx};
use serde::{Deserialize, Serialize};

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

pub(crate) type Act = for<'a> fn(&'a mut PostgresTx) -> Pin<Box<dyn Future<Output = Projected> + Send + 'a>>;

/// The balance of each account, and a line for each event in the order in which it was projected.
#[derive(Projection, Default)]
#[projection(name = "balances", version = 1, store = PostgresStore, events(Increased))]
pub(crate) struct Balances {
    /// What is done with an event of the account `unlucky`.
    pub(crate) unlucky: Option<Act>,
}

impl ReadModel for Balances {
    async fn create(&mut self, tx: &mut PostgresTx) -> Projected {
        let sql = "CREATE TABLE balances (account text PRIMARY KEY, balance bigint NOT NULL);
                   CREATE TABLE lines (
                       no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, epoch bigint, number bigint, by bigint NOT NULL,
                       UNIQUE (epoch, number)
                   )";
        sqlx::raw_sql(sql).execute(&mut **tx).await?;
        Ok(())
    }

    async fn reset(&mut self, tx: &mut PostgresTx) -> Projected {
        sqlx::raw_sql("DROP TABLE IF EXISTS balances; DROP TABLE IF EXISTS lines").execute(&mut **tx).await?;
        Ok(())
    }
}

impl Project<Increased> for Balances {
    async fn project(&mut self, recorded: &Recorded<Increased>, tx: &mut PostgresTx) -> Projected {
        let sql = "INSERT INTO balances VALUES ($1, $2) \
                   ON CONFLICT (account) DO UPDATE SET balance = balances.balance + $2";
        let (by, account) = (recorded.event.by, recorded.stream.id());
        sqlx::query(sql).bind(account).bind(by).execute(&mut **tx).await?;
        let (epoch, number) = (recorded.position.epoch.cast_signed(), recorded.position.number.cast_signed());
        let sql = "INSERT INTO lines (epoch, number, by) VALUES ($1, $2, $3)";
        sqlx::query(sql).bind(epoch).bind(number).bind(by).execute(&mut **tx).await?;
        match self.unlucky {
            Some(act) if account == "unlucky" => act(tx).await,
            _ => Ok(()),
        }
    }
}

pub(crate) async fn balance(store: &PostgresStore, account: &str) -> Option<i64> {
    let query = sqlx::query_scalar("SELECT balance FROM balances WHERE account = $1").bind(account);
    query.fetch_optional(store.pool()).await.unwrap()
}

/// What the read model shows, the events in the order in which they were projected.
pub(crate) async fn lines(store: &PostgresStore) -> Vec<(Position, i64)> {
    let query = sqlx::query_as::<_, (i64, i64, i64)>("SELECT epoch, number, by FROM lines ORDER BY no");
    let rows = query.fetch_all(store.pool()).await.unwrap();
    let position = |epoch: i64, number: i64| Position { epoch: epoch.unsigned_abs(), number: number.unsigned_abs() };
    rows.into_iter().map(|(epoch, number, by)| (position(epoch, number), by)).collect()
}
