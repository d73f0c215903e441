//! The balances of all accounts, in memory.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use disintegrate::{EventListener, PersistedEvent, StreamQuery, query};

use crate::domain::AccountEvent;

pub(crate) struct Balances {
    query: StreamQuery<i64, AccountEvent>,
    by_account: Mutex<HashMap<i64, u64>>,
    events: Arc<AtomicU64>,
}

impl Balances {
    /// With it, the number of events that it has seen.
    pub(crate) fn new() -> (Self, Arc<AtomicU64>) {
        let events = Arc::new(AtomicU64::new(0));
        let balances = Self { query: query!(AccountEvent), by_account: Mutex::default(), events: Arc::clone(&events) };
        (balances, events)
    }
}

#[async_trait]
impl EventListener<i64, AccountEvent> for Balances {
    type Error = Infallible;

    fn id(&self) -> &'static str {
        "balances"
    }

    fn query(&self) -> &StreamQuery<i64, AccountEvent> {
        &self.query
    }

    async fn handle(&self, event: PersistedEvent<i64, AccountEvent>) -> Result<(), Infallible> {
        let mut balances = self.by_account.lock().unwrap_or_else(PoisonError::into_inner);
        match &*event {
            AccountEvent::Deposited { account, amount, .. } => *balances.entry(*account).or_default() += amount,
            AccountEvent::Withdrawn { account, amount, .. } => *balances.entry(*account).or_default() -= amount,
        }
        self.events.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
