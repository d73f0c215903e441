//! An account, two projections of it with what the derive generates written by hand, and a read store for tests.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use es_core::__private as private;
use es_core::prelude::*;
use es_core::{
    Append, Checkpoint, Ended, ExpectedVersion, MemoryStore, NewEvent, ParkedEvent, ReadStore, ReadStoreError, Work,
};
use serde::{Deserialize, Serialize};

#[derive(Command, Debug, Clone)]
pub struct Increase {
    pub by: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "increased", aliases("paid_in"))]
pub struct Increased {
    pub by: u64,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "decreased")]
pub struct Decreased {
    pub by: u64,
}

/// What became an increase and a decrease, or nothing where both are 0.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "exchanged")]
pub struct Exchanged {
    pub more: u64,
    pub less: u64,
}

#[derive(Aggregate, Debug, Default, Clone, PartialEq)]
#[aggregate(
    name = "account",
    commands(Increase),
    events(Increased, Decreased),
    retired(Exchanged),
    error = std::convert::Infallible
)]
pub struct Account {
    #[apply(Increased => self.balance + event.by)]
    #[apply(Decreased => self.balance.saturating_sub(event.by))]
    pub balance: u64,
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        accept(Increased { by: command.by })
    }
}

impl Retire<Exchanged> for Account {
    fn retire(event: Exchanged) -> Events<Self> {
        if (event.more, event.less) == (0, 0) {
            return Events::none();
        }
        Events::from((Increased { by: event.more }, Decreased { by: event.less }))
    }
}

/// Appends events to the account of this id, whatever its version.
pub async fn append(store: &MemoryStore, id: &str, events: &[(&'static str, String)]) -> Position {
    let stream = StreamId::new("account", id).unwrap();
    let new = events.iter().map(|(name, payload)| NewEvent {
        id: EventId::new(),
        name: (*name).into(),
        version: 1,
        format: "json".into(),
        payload: payload.clone().into_bytes(),
        metadata: Arc::default(),
    });
    store.append(Append::to_stream(stream, ExpectedVersion::Any, new.collect())).await.unwrap().position
}

pub fn increased(by: u64) -> (&'static str, String) {
    ("increased", format!(r#"{{"by":{by}}}"#))
}

/// What was paid in, by account.
#[derive(Default)]
pub struct PaidIn {
    pub sums: BTreeMap<String, u64>,
}

impl Project<Increased> for PaidIn {
    async fn project(&mut self, recorded: &Recorded<Increased>, (): &mut ()) -> Projected {
        *self.sums.entry(recorded.stream.id().into()).or_default() += recorded.event.by;
        Ok(())
    }
}

// #[derive(Projection)] with `in_memory` expands to:
impl private::ProjectedBy<PaidIn> for Increased {}

impl private::Projection for PaidIn {
    type Store = private::InMemory;
    type Event = private::OneByOne;

    const NAME: &'static str = "paid_in";
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
        private::start_again(self)
    }
}

/// Something that goes wrong from time to time.
#[derive(Clone, Default)]
pub struct Faults {
    /// Accounts whose events fail, and how often yet; `u32::MAX` is for ever.
    pub failing: Arc<Mutex<BTreeMap<String, u32>>>,
    /// Whether they panic.
    pub panics: bool,
    pub calls: Arc<AtomicU32>,
}

impl Faults {
    pub fn fail(&self, account: &str, times: u32) {
        self.failing.lock().unwrap().insert(account.to_owned(), times);
    }

    pub fn check(&self, account: &str) -> Projected {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut failing = self.failing.lock().unwrap();
        let Some(left) = failing.get_mut(account).filter(|left| **left > 0) else { return Ok(()) };
        if *left != u32::MAX {
            *left -= 1;
        }
        drop(failing);
        assert!(!self.panics, "{account} is unlucky");
        Err(format!("{account} is unlucky").into())
    }
}

/// Balances in a table; an entry for each event tells how often it was projected.
#[derive(Clone, Default)]
pub struct Balances<const VERSION: u32 = 1> {
    pub faults: Faults,
}

impl<const VERSION: u32> ReadModel for Balances<VERSION> {
    async fn create(&mut self, tx: &mut TableTx) -> Projected {
        if tx.rows.insert("version".to_owned(), VERSION.into()).is_some() {
            return Err("the table is there already".into());
        }
        Ok(())
    }

    async fn reset(&mut self, tx: &mut TableTx) -> Projected {
        tx.rows.clear();
        Ok(())
    }
}

impl<const VERSION: u32> Project<Increased> for Balances<VERSION> {
    async fn project(&mut self, recorded: &Recorded<Increased>, tx: &mut TableTx) -> Projected {
        in_order(tx, recorded)?;
        *tx.rows.entry(format!("balance {}", recorded.stream.id())).or_default() += i64::try_from(recorded.event.by)?;
        *tx.rows.entry(format!("event {} {}", recorded.position, recorded.index)).or_default() += 1;
        self.faults.check(recorded.stream.id())
    }
}

impl<const VERSION: u32> Project<Decreased> for Balances<VERSION> {
    async fn project(&mut self, recorded: &Recorded<Decreased>, tx: &mut TableTx) -> Projected {
        in_order(tx, recorded)?;
        *tx.rows.entry(format!("balance {}", recorded.stream.id())).or_default() -= i64::try_from(recorded.event.by)?;
        *tx.rows.entry(format!("event {} {}", recorded.position, recorded.index)).or_default() += 1;
        self.faults.check(recorded.stream.id())
    }
}

/// Checks that each event of a stream comes after the one before it.
fn in_order<E>(tx: &mut TableTx, recorded: &Recorded<E>) -> Projected {
    let now = i64::try_from(recorded.version * 10)? + i64::from(recorded.index);
    let before = tx.rows.insert(format!("last of {}", recorded.stream.id()), now).unwrap_or(0);
    let follows = now / 10 - before / 10 <= 1 && now > before;
    if follows { Ok(()) } else { Err(format!("{now} follows {before} in {}", recorded.stream).into()) }
}

// #[derive(Projection)] with `store = Tables` expands to:
impl<const VERSION: u32> private::ProjectedBy<Balances<VERSION>> for Increased {}
impl<const VERSION: u32> private::ProjectedBy<Balances<VERSION>> for Decreased {}

impl<const VERSION: u32> private::Projection for Balances<VERSION> {
    type Store = Tables;
    type Event = private::OneByOne;

    const NAME: &'static str = "balances";
    const VERSION: u32 = VERSION;

    fn routes() -> private::Routes<Self> {
        let mut routes = private::Routes::new();
        <Increased as private::OfAggregate<_>>::route_each(&mut routes, <Self as private::Project<Increased>>::boxed);
        <Decreased as private::OfAggregate<_>>::route_each(&mut routes, <Self as private::Project<Decreased>>::boxed);
        routes
    }

    fn create_model<'a>(&'a mut self, tx: &'a mut TableTx) -> private::BoxFuture<'a, private::Projected> {
        <Self as private::ReadModel>::boxed_create(self, tx)
    }

    fn reset_model<'a>(&'a mut self, tx: &'a mut TableTx) -> private::BoxFuture<'a, private::Projected> {
        <Self as private::ReadModel>::boxed_reset(self, tx)
    }
}

/// A read store that copies everything for a transaction.
#[derive(Clone, Default)]
pub struct Tables {
    state: Arc<Mutex<State>>,
    /// What happens to the transactions to come; without faults once it is empty.
    pub faults: Arc<Mutex<VecDeque<StoreFault>>>,
}

/// What happens to a transaction.
#[derive(Debug, Clone, Copy)]
pub enum StoreFault {
    /// It works.
    None,
    /// It does not begin.
    Fail,
    /// It is committed, but its answer gets lost.
    LoseAnswer,
}

#[derive(Default)]
struct State {
    tx: TableTx,
    held: bool,
    commits: u32,
}

#[derive(Clone, Default)]
pub struct TableTx {
    pub rows: BTreeMap<String, i64>,
    pub checkpoint: Option<Checkpoint>,
    pub parked: BTreeMap<Position, ParkedEvent>,
}

pub struct Held(Tables);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state().held = false;
    }
}

impl Tables {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn now(&self) -> TableTx {
        self.state().tx.clone()
    }

    pub fn change(&self, change: impl FnOnce(&mut TableTx)) {
        change(&mut self.state().tx);
    }

    pub fn commits(&self) -> u32 {
        self.state().commits
    }

    pub fn balance(&self, account: &str) -> Option<i64> {
        self.state().tx.rows.get(&format!("balance {account}")).copied()
    }

    /// How many events were projected; fails if one was projected twice.
    pub fn events(&self) -> usize {
        let now = self.now();
        let events: Vec<_> = now.rows.iter().filter(|(key, _)| key.starts_with("event ")).collect();
        assert!(events.iter().all(|(_, times)| **times == 1), "{events:?}");
        events.len()
    }
}

impl ReadStore for Tables {
    type Tx = TableTx;
    type Lease = Held;

    async fn lease(&self, _projection: &str) -> Result<Option<Held>, ReadStoreError> {
        let was_held = std::mem::replace(&mut self.state().held, true);
        Ok((!was_held).then(|| Held(self.clone())))
    }

    async fn transact<T: Send + 'static>(&self, work: Work<TableTx, T>) -> Result<T, ReadStoreError> {
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(StoreFault::None);
        let failed = |action| {
            let (store, source) = ("the tables".to_owned(), "as asked".into());
            Err(es_core::JournalError::Failed { store, action, source }.into())
        };
        if matches!(fault, StoreFault::Fail) {
            return failed("begin");
        }
        let mut tx = self.now();
        match work(&mut tx).await {
            Ended::RollBack(value) => Ok(value),
            Ended::Commit(value) => {
                let mut state = self.state();
                state.tx = tx;
                state.commits += 1;
                if matches!(fault, StoreFault::LoseAnswer) {
                    return failed("commit");
                }
                Ok(value)
            }
        }
    }

    async fn load(_lease: &Held, tx: &mut TableTx) -> Result<Option<Checkpoint>, ReadStoreError> {
        Ok(tx.checkpoint.clone())
    }

    async fn save(_lease: &Held, tx: &mut TableTx, checkpoint: &Checkpoint) -> Result<(), ReadStoreError> {
        tx.checkpoint = Some(checkpoint.clone());
        Ok(())
    }

    async fn park(_lease: &Held, tx: &mut TableTx, event: &ParkedEvent) -> Result<(), ReadStoreError> {
        tx.parked.insert(event.position, event.clone());
        Ok(())
    }

    async fn unpark(
        _lease: &Held,
        tx: &mut TableTx,
        positions: RangeInclusive<Position>,
    ) -> Result<(), ReadStoreError> {
        tx.parked.retain(|position, _| !positions.contains(position));
        Ok(())
    }

    async fn parked(
        _lease: &Held,
        tx: &mut TableTx,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadStoreError> {
        Ok(tx.parked.values().filter(|event| event.position > after).take(limit).cloned().collect())
    }
}
