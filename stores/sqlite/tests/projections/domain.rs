//! An account, and the table of balances.

use es_core::prelude::*;
use es_sqlite::{SqliteStore, SqliteTx};
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

/// The balance of each account, and a line for each event in the order in which it was projected.
#[derive(Projection, Default)]
#[projection(name = "balances", version = 1, store = SqliteStore, events(Increased))]
pub(crate) struct Balances {
    /// What is done with an event of the account `unlucky`.
    pub(crate) unlucky: Option<fn(&mut SqliteTx) -> Projected>,
}

pub(crate) const TABLES: &str = "CREATE TABLE balances (account TEXT PRIMARY KEY, balance INTEGER NOT NULL) STRICT;
    CREATE TABLE lines (no INTEGER PRIMARY KEY AUTOINCREMENT, position INTEGER NOT NULL UNIQUE, by INTEGER NOT NULL) STRICT";

impl ReadModel for Balances {
    async fn create(&mut self, tx: &mut SqliteTx) -> Projected {
        Ok(tx.execute_batch(TABLES)?)
    }

    async fn reset(&mut self, tx: &mut SqliteTx) -> Projected {
        Ok(tx.execute_batch("DROP TABLE IF EXISTS balances; DROP TABLE IF EXISTS lines")?)
    }
}

impl Project<Increased> for Balances {
    async fn project(&mut self, recorded: &Recorded<Increased>, tx: &mut SqliteTx) -> Projected {
        let by = recorded.event.by;
        tx.execute(
            "INSERT INTO balances VALUES (?1, ?2) ON CONFLICT DO UPDATE SET balance = balance + ?2",
            (recorded.stream.id(), by),
        )?;
        let position = i64::try_from(recorded.position.number)?;
        tx.execute("INSERT INTO lines (position, by) VALUES (?1, ?2)", (position, by))?;
        match self.unlucky {
            Some(act) if recorded.stream.id() == "unlucky" => act(tx),
            _ => Ok(()),
        }
    }
}

pub(crate) async fn balance(store: &SqliteStore, account: &str) -> Option<i64> {
    use rusqlite::OptionalExtension;
    let account = account.to_owned();
    let sql = "SELECT balance FROM balances WHERE account = ?1";
    store.read(move |db| db.query_row(sql, [account], |row| row.get(0)).optional()).await.unwrap()
}

/// What the read model shows, the events in the order in which they were projected.
pub(crate) async fn lines(store: &SqliteStore) -> Vec<(u64, i64)> {
    let lines = store.read(|db| {
        let mut query = db.prepare("SELECT position, by FROM lines ORDER BY no")?;
        query.query_map((), |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?)))?.collect()
    });
    lines.await.unwrap()
}
