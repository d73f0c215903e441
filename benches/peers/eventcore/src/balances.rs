//! The balances of all accounts, in memory.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eventcore_types::{Projector, StreamPosition};

use crate::domain::AccountEvent;

static NEXT: AtomicU64 = AtomicU64::new(0);

#[derive(Clone)]
pub(crate) struct Balances {
    name: String,
    totals: Arc<Mutex<Totals>>,
}

#[derive(Default)]
struct Totals {
    by_account: HashMap<String, u64>,
    events: u64,
}

impl Balances {
    /// One that begins at the first event: the checkpoint in the store is that of its name.
    pub(crate) fn new() -> Self {
        let name = format!("balances-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { name, totals: Arc::default() }
    }

    pub(crate) fn events(&self) -> u64 {
        self.totals().events
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Projector for Balances {
    type Event = AccountEvent;
    type Error = Infallible;
    type Context = ();

    fn apply(&mut self, event: AccountEvent, _: StreamPosition, (): &mut ()) -> Result<(), Infallible> {
        let mut totals = self.totals();
        match event {
            AccountEvent::Deposited { account, amount, .. } => {
                *totals.by_account.entry(account.to_string()).or_default() += amount;
            }
            AccountEvent::Withdrawn { account, amount, .. } => {
                *totals.by_account.entry(account.to_string()).or_default() -= amount;
            }
        }
        totals.events += 1;
        Ok(())
    }

    fn name(&self) -> &str {
        &self.name
    }
}
