//! esrs on PostgreSQL. It has no snapshots.

mod domain;

use std::collections::HashMap;
use std::ops::Range;

use domain::{Account, AccountCommand, AccountEvent, AccountState};
use esrs::AggregateState;
use esrs::manager::AggregateManager;
use esrs::store::EventStore as _;
use esrs::store::postgres::{PgStore, PgStoreBuilder};
use futures::StreamExt as _;
use peers_common::{Done, Peer, Program, Projects, Store, amount, is_withdrawal, reference};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

fn main() -> Done {
    let mut program = Program::of(&["esrs"]);
    program.subject(Store::Postgres, "esrs", postgres).one().many().replay().project().bulk();
    program.run()
}

async fn postgres() -> Done<Esrs> {
    let pool = PgPoolOptions::new().max_connections(16).connect(&peers_common::database()?).await?;
    sqlx::raw_sql("DROP TABLE IF EXISTS account_events").execute(&pool).await?;
    let store = PgStoreBuilder::new(pool.clone()).try_build().await?;
    Ok(Esrs { pool, store })
}

#[derive(Clone)]
struct Esrs {
    pool: PgPool,
    store: PgStore<Account>,
}

fn id(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

fn command(number: u64) -> AccountCommand {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) {
        AccountCommand::Withdraw { amount, reference }
    } else {
        AccountCommand::Deposit { amount, reference }
    }
}

fn event(number: u64) -> AccountEvent {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) {
        AccountEvent::Withdrawn { amount, reference }
    } else {
        AccountEvent::Deposited { amount, reference }
    }
}

impl Esrs {
    async fn state(&self, number: u64) -> Done<AggregateState<AccountState>> {
        let manager = AggregateManager::new(self.store.clone());
        let state = manager.load(id(number)).await?;
        Ok(state.unwrap_or_else(|| AggregateState::with_id(id(number))))
    }
}

impl Peer for Esrs {
    async fn execute(&mut self, number: u64, event: u64) -> Done {
        let state = self.state(number).await?;
        AggregateManager::new(self.store.clone()).handle_command(state, command(event)).await??;
        Ok(())
    }

    async fn append(&mut self, number: u64, events: Range<u64>) -> Done {
        let mut state = self.state(number).await?;
        self.store.persist(&mut state, events.map(event).collect()).await?;
        Ok(())
    }

    async fn load(&mut self, number: u64) -> Done<u64> {
        Ok(self.state(number).await?.inner().count)
    }

    async fn close(self) -> Done {
        self.pool.close().await;
        Ok(())
    }
}

impl Projects for Esrs {
    /// As its rebuilder reads them.
    async fn project(&mut self, _: u64) -> Done<u64> {
        let (mut balances, mut count) = (HashMap::<Uuid, u64>::new(), 0);
        let mut events = self.store.stream_events(&self.pool);
        while let Some(event) = events.next().await {
            let event = event?;
            let balance = balances.entry(event.aggregate_id).or_default();
            match event.payload {
                AccountEvent::Deposited { amount, .. } => *balance += amount,
                AccountEvent::Withdrawn { amount, .. } => *balance -= amount,
            }
            count += 1;
        }
        Ok(count)
    }
}
