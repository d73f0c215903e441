//! The balances of all accounts, in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use evento::Executor;
use evento::metadata::Event;
use evento::subscription::{Context, SubscriptionBuilder};
use peers_common::Done;

use crate::domain::{Deposited, Withdrawn};

static NEXT: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, Default)]
struct Balances(Arc<Mutex<Totals>>);

#[derive(Default)]
struct Totals {
    by_account: HashMap<String, u64>,
    events: u64,
}

impl Balances {
    fn totals(&self) -> MutexGuard<'_, Totals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[evento::subscription]
async fn deposited<E: Executor>(context: &Context<'_, E>, event: Event<Deposited>) -> anyhow::Result<()> {
    let balances: Balances = context.extract();
    let mut totals = balances.totals();
    *totals.by_account.entry(event.aggregate_id.clone()).or_default() += event.data.amount;
    totals.events += 1;
    Ok(())
}

#[evento::subscription]
async fn withdrawn<E: Executor>(context: &Context<'_, E>, event: Event<Withdrawn>) -> anyhow::Result<()> {
    let balances: Balances = context.extract();
    let mut totals = balances.totals();
    *totals.by_account.entry(event.aggregate_id.clone()).or_default() -= event.data.amount;
    totals.events += 1;
    Ok(())
}

/// Has a subscription of a new name handle all events, and gives how many there were.
pub(crate) async fn project<E: Executor + Clone>(store: &E, events: u64) -> Done<u64> {
    let (balances, began) = (Balances::default(), Instant::now());
    let name = format!("balances-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    // What was written in the last seconds is held back: the first repetition waits for it.
    while balances.totals().events < events && began.elapsed() < Duration::from_mins(1) {
        let subscription = SubscriptionBuilder::new(&name).handler(deposited()).handler(withdrawn());
        subscription.data(balances.clone()).run_once(store).await?;
    }
    Ok(balances.totals().events)
}
