//! The store in memory. It prints a line for each load.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use cqrs_es::mem_store::MemStore;
use cqrs_es::{AggregateContext as _, CqrsFramework, EventStore as _};
use peers_common::{Done, Peer, account};

use crate::domain::Account;
use crate::{command, event};

#[derive(Clone)]
pub(crate) struct Memory {
    store: MemStore<Account>,
    accounts: Arc<CqrsFramework<Account, MemStore<Account>>>,
}

impl Default for Memory {
    fn default() -> Self {
        let store = MemStore::default();
        Self { accounts: Arc::new(CqrsFramework::new(store.clone(), Vec::new(), ())), store }
    }
}

impl Peer for Memory {
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
}
