//! `Subject`: a library on a store, and the workloads that it runs.

use std::fmt;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::peer::{Done, Peer, Projects};
use crate::program::Program;
use crate::workloads::{self, Measured};

/// Which of the stores of es a store is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Store {
    /// Nothing is durable.
    Memory,
    /// Files of the program: SQLite, or a store of the library's own.
    Sqlite,
    /// A server.
    Postgres,
}

impl fmt::Display for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// How long a workload runs that has no end of its own.
    pub(crate) slice: Duration,
    /// How much smaller the workloads are.
    pub(crate) divisor: u64,
}

/// A workload of a subject.
pub(crate) struct Work {
    /// `sqlite/replay`.
    pub(crate) workload: String,
    pub(crate) what: String,
    pub(crate) subject: String,
    /// Does it once.
    pub(crate) run: Box<dyn FnMut(&Runtime) -> Done<Measured>>,
}

/// Adds the workloads of one library on one store to its program.
pub struct Subject<'a, F> {
    program: &'a mut Program,
    store: Store,
    name: String,
    open: F,
}

impl<'a, F, Opening, P> Subject<'a, F>
where
    F: Fn() -> Opening + Clone + Send + Sync + 'static,
    Opening: Future<Output = Done<P>> + Send + 'static,
    P: Peer,
{
    pub(crate) fn new(program: &'a mut Program, store: Store, name: String, open: F) -> Self {
        Self { program, store, name, open }
    }

    fn add(&mut self, workload: &str, what: String, run: impl FnMut(&Runtime) -> Done<Measured> + 'static) {
        let workload = format!("{}/{workload}", self.store);
        self.program.works.push(Work { workload, what, subject: self.name.clone(), run: Box::new(run) });
    }

    /// Adds a workload that takes a new store each time.
    fn add_fresh<Working>(
        &mut self,
        workload: &str,
        what: String,
        work: impl Fn(P) -> Working + Clone + Send + Sync + 'static,
    ) where
        Working: Future<Output = Done<Measured>> + Send,
    {
        let open = self.open.clone();
        self.add(workload, what, move |runtime| {
            let (open, work) = (open.clone(), work.clone());
            let work = async move {
                let peer = open().await?;
                let measured = work(peer.clone()).await?;
                peer.close().await?;
                Ok(measured)
            };
            runtime.block_on(async { tokio::spawn(work).await })?
        });
    }

    /// Adds a workload that reads one store again and again, filled before the first time.
    fn add_filled<Working>(
        &mut self,
        workload: &str,
        what: String,
        (events, streams): (u64, u64),
        work: impl Fn(P) -> Working + Clone + Send + Sync + 'static,
    ) where
        Working: Future<Output = Done<Measured>> + Send,
    {
        let (open, mut filled) = (self.open.clone(), None);
        self.add(workload, what, move |runtime| {
            let (open, work, peer) = (open.clone(), work.clone(), filled.clone());
            let (peer, measured) = runtime.block_on(async {
                let work = async move {
                    let peer = match peer {
                        Some(peer) => peer,
                        None => {
                            let peer = open().await?;
                            workloads::fill(&peer, events, 0..streams).await?;
                            peer
                        }
                    };
                    Done::Ok((peer.clone(), work(peer).await?))
                };
                tokio::spawn(work).await
            })??;
            filled = Some(peer);
            Ok(measured)
        });
    }

    /// Commands of one client on one account.
    pub fn one(mut self) -> Self {
        let effort = self.program.effort;
        for prior in [0, 10_000 / effort.divisor] {
            let what = format!("commands a second on one aggregate, {prior} events before, 1 client");
            self.add_fresh("one", what, move |peer| workloads::one(peer, prior, effort.slice));
        }
        self
    }

    /// Commands of some clients over 1,000 accounts.
    pub fn many(mut self) -> Self {
        let slice = self.program.effort.slice;
        // What reads the whole stream for each command would be measured on longer and longer streams where commands take
        // no time at all.
        let most = (self.store == Store::Memory).then_some(20_000);
        for clients in [1, 16, 64, 256] {
            let what = format!("commands a second over 1,000 aggregates, {clients} clients");
            self.add_fresh("many", what, move |peer| workloads::many(peer, clients, most, slice));
        }
        self
    }

    /// Loads of one long stream.
    pub fn replay(mut self) -> Self {
        let events = (100_000 / self.program.effort.divisor).min(P::LONGEST);
        let what = format!("events a second, one stream of {}", 100_000 / self.program.effort.divisor);
        self.add_filled("replay", what, (events, 1), move |peer| workloads::replay(peer, events));
        self
    }

    /// Appends of many events to some streams.
    pub fn bulk(mut self) -> Self {
        let effort = self.program.effort;
        let events = 100_000 / effort.divisor;
        let what = format!("events a second, {events} appended, {} a commit", events / 100);
        self.add_fresh("bulk", what, move |peer| workloads::bulk(peer, events, effort.slice * 3));
        self
    }

    /// A projection of all events.
    pub fn project(mut self) -> Self
    where
        P: Projects,
    {
        let events = 200_000 / self.program.effort.divisor;
        let what = format!("events a second, {events} of 1,000 streams into a map");
        let events = events.min(P::MOST);
        self.add_filled("project", what, (events, 1_000), move |peer| workloads::project(peer, events));
        self
    }
}
