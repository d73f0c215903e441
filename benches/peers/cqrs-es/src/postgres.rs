//! postgres-es.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use cqrs_es::persist::{PersistedEventStore, QueryReplay};
use cqrs_es::{AggregateContext as _, EventEnvelope, EventStore as _, Query};
use peers_common::{Done, Peer, Projects, account};
use postgres_es::{PostgresCqrs, PostgresEventRepository, postgres_cqrs, postgres_snapshot_cqrs};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::domain::{Account, AccountEvent};
use crate::{command, event};

#[derive(Clone)]
pub(crate) struct Postgres {
    pool: PgPool,
    store: Arc<PersistedEventStore<PostgresEventRepository, Account>>,
    accounts: Arc<PostgresCqrs<Account>>,
}

impl Postgres {
    pub(crate) async fn open(snapshots: Option<usize>) -> Done<Self> {
        let pool = PgPoolOptions::new().max_connections(16).connect(&peers_common::database()?).await?;
        sqlx::raw_sql(include_str!("schema.sql")).execute(&pool).await?;
        let events = PostgresEventRepository::new(pool.clone());
        let (store, accounts) = match snapshots {
            None => (PersistedEventStore::new_event_store(events), postgres_cqrs(pool.clone(), Vec::new(), ())),
            Some(size) => (
                PersistedEventStore::new_snapshot_store(events, size),
                postgres_snapshot_cqrs(pool.clone(), Vec::new(), size, ()),
            ),
        };
        Ok(Self { pool, store: Arc::new(store), accounts: Arc::new(accounts) })
    }
}

impl Peer for Postgres {
    async fn execute(&mut self, number: u64, event: u64) -> Done {
        Ok(self.accounts.execute(&account(number), command(event)).await?)
    }

    async fn append(&mut self, number: u64, events: Range<u64>) -> Done {
        let context = self.store.load_aggregate(&account(number)).await?;
        self.store.commit(events.map(event).collect(), context, HashMap::new()).await?;
        Ok(())
    }

    async fn load(&mut self, number: u64) -> Done<u64> {
        Ok(self.store.load_aggregate(&account(number)).await?.aggregate().count)
    }

    async fn close(self) -> Done {
        self.pool.close().await;
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Balances(Arc<Mutex<Totals>>);

#[derive(Default)]
struct Totals {
    by_account: HashMap<String, u64>,
    events: u64,
}

#[async_trait]
impl Query<Account> for Balances {
    async fn dispatch(&self, account: &str, events: &[EventEnvelope<Account>]) {
        let mut totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for envelope in events {
            let balance = totals.by_account.entry(account.to_owned()).or_default();
            match envelope.payload {
                AccountEvent::Deposited { amount, .. } => *balance += amount,
                AccountEvent::Withdrawn { amount, .. } => *balance -= amount,
            }
            totals.events += 1;
        }
    }
}

impl Projects for Postgres {
    async fn project(&mut self, _: u64) -> Done<u64> {
        let balances = Balances::default();
        let events = PostgresEventRepository::new(self.pool.clone());
        QueryReplay::new(events, balances.clone()).replay_all().await?;
        Ok(balances.0.lock().unwrap_or_else(PoisonError::into_inner).events)
    }
}
