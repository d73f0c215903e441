//! Views in memory: values that no transaction rolls back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use es_core::__private as private;
use es_core::prelude::*;
use es_core::{InMemory, MemoryStore};
use tokio::sync::Semaphore;

use crate::domain::{Faults, Increased, PaidIn, append, increased};

/// What was paid in, by account; some accounts fail, and one waits for something when it has changed the view.
#[derive(Clone)]
struct Sums {
    sums: BTreeMap<String, u64>,
    faults: Faults,
    gate: Arc<Semaphore>,
}

impl Default for Sums {
    fn default() -> Self {
        Self { sums: BTreeMap::new(), faults: Faults::default(), gate: Arc::new(Semaphore::new(1)) }
    }
}

impl Sums {
    fn of(&self) -> [u64; 3] {
        ["alice", "bob", "carol"].map(|account| self.sums.get(account).copied().unwrap_or(0))
    }
}

impl Project<Increased> for Sums {
    async fn project(&mut self, recorded: &Recorded<Increased>, (): &mut ()) -> Projected {
        *self.sums.entry(recorded.stream.id().into()).or_default() += recorded.event.by;
        if recorded.stream.id() == "carol" {
            drop(self.gate.acquire().await?);
        }
        self.faults.check(recorded.stream.id())
    }
}

// #[derive(Projection)] with `in_memory` expands to this, but for what a reset leaves:
impl private::ProjectedBy<Sums> for Increased {}

impl private::Projection for Sums {
    type Store = InMemory;
    type Event = private::OneByOne;

    const NAME: &'static str = "sums";
    const VERSION: u32 = 1;

    fn routes() -> private::Routes<Self> {
        let mut routes = private::Routes::new();
        <Increased as private::OfAggregate<_>>::route_each(&mut routes, <Self as private::Project<Increased>>::boxed);
        routes
    }

    fn create_model<'a>(&'a mut self, _tx: &'a mut ()) -> private::BoxFuture<'a, private::Projected> {
        private::nothing()
    }

    fn reset_model<'a>(&'a mut self, _tx: &'a mut ()) -> private::BoxFuture<'a, private::Projected> {
        self.sums.clear();
        private::nothing()
    }
}

const ACCOUNTS: [&str; 3] = ["alice", "bob", "carol"];

async fn fill(store: &MemoryStore) -> Position {
    for account in ACCOUNTS {
        append(store, account, &[increased(1)]).await;
    }
    store.head().await.unwrap()
}

#[tokio::test]
async fn a_run_that_was_dropped_leaves_nothing_that_counts_twice() {
    let store = MemoryStore::new();
    fill(&store).await;
    let view = Sums::default();
    let gate = Arc::clone(&view.gate);
    let mut projector = Projector::in_memory(&store, view);
    let view = projector.handle();
    let closed = gate.acquire().await.unwrap();
    tokio::time::timeout(Duration::from_millis(20), projector.run_to_head()).await.unwrap_err();
    drop(closed);
    let head = projector.run_to_head().await.unwrap();
    assert_eq!((view.view().await.of(), view.status().position), ([1, 1, 1], head));
}

#[tokio::test]
async fn views_that_were_given_one_store_are_views_of_their_own() {
    let store = MemoryStore::new();
    fill(&store).await;
    let shared = InMemory::default();
    let mut sums = Projector::new(&store, &shared, Sums::default());
    let mut paid_in = Projector::new(&store, &shared, PaidIn::default());
    let again = Projector::new(&store, &shared, Sums::default()).spawn();
    for round in 1..=2 {
        sums.run_to_head().await.unwrap();
        let head = paid_in.run_to_head().await.unwrap();
        again.wait_for(head).await.unwrap();
        assert_eq!(sums.handle().view().await.of(), [round; 3]);
        assert_eq!(paid_in.handle().view().await.sums.values().sum::<u64>(), 3 * round);
        assert_eq!(again.view().await.of(), [round; 3]);
        fill(&store).await;
    }
    again.stop().await.unwrap();
}
