//! eventcore, in memory and on SQLite, with and without its snapshots.

mod balances;
mod domain;
mod snapshots;

use std::fmt::Display;
use std::ops::Range;
use std::sync::Arc;

use balances::Balances;
use domain::{Account, AccountEvent, Deposit, Withdraw};
use eventcore::{CommandLogic, ProjectionConfig, RetryPolicy, StreamId, execute, run_projection};
use eventcore_memory::InMemoryEventStore;
use eventcore_sqlite::{SqliteEventStore, rusqlite};
use eventcore_types::{
    CheckpointStore, EventReader, EventStore, ProjectorCoordinator, StreamVersion, StreamWrites, collect_events,
};
use peers_common::{Done, Peer, Program, Projects, Store, account, amount, is_withdrawal, reference};
use snapshots::Snapshotted;

fn main() -> Done {
    let mut program = Program::of(&["eventcore", "eventcore-memory", "eventcore-sqlite"]);
    let memory = |snapshots| move || async move { Ok(Eventcore::on(InMemoryEventStore::new(), snapshots)) };
    program.subject(Store::Memory, "eventcore", memory(false)).one().many().replay().project().bulk();
    program.subject(Store::Memory, "eventcore, snapshots", memory(true)).one().many();
    program.subject(Store::Sqlite, "eventcore", || sqlite(false)).one().many().replay().project().bulk();
    program.subject(Store::Sqlite, "eventcore, snapshots", || sqlite(true)).one().many();
    program.run()
}

async fn sqlite(snapshots: bool) -> Done<Eventcore<SqliteEventStore>> {
    let connection = rusqlite::Connection::open(peers_common::file()?)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let store = SqliteEventStore::from_connection(connection);
    store.migrate().await?;
    Ok(Eventcore::on(store, snapshots))
}

struct Eventcore<S> {
    store: Arc<S>,
    /// Whether commands have them.
    snapshots: bool,
}

impl<S> Eventcore<S> {
    fn on(store: S, snapshots: bool) -> Self {
        Self { store: Arc::new(store), snapshots }
    }
}

impl<S: EventStore> Eventcore<S> {
    async fn run(&self, command: impl CommandLogic<Event = AccountEvent, State = Account>) -> Done {
        if self.snapshots {
            execute(&*self.store, Snapshotted(command), RetryPolicy::new()).await?;
        } else {
            execute(&*self.store, command, RetryPolicy::new()).await?;
        }
        Ok(())
    }
}

impl<S> Clone for Eventcore<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), snapshots: self.snapshots }
    }
}

fn stream(number: u64) -> Done<StreamId> {
    Ok(StreamId::try_new(account(number))?)
}

fn event(account: StreamId, number: u64) -> AccountEvent {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) {
        AccountEvent::Withdrawn { account, amount, reference }
    } else {
        AccountEvent::Deposited { account, amount, reference }
    }
}

impl<S: EventStore + Send + Sync + 'static> Peer for Eventcore<S> {
    /// A snapshot is first taken by a command that has read 100 events.
    async fn prepare(&mut self, number: u64, prior: u64) -> Done {
        if self.snapshots && prior > 0 { self.execute(number, prior).await } else { Ok(()) }
    }

    async fn execute(&mut self, number: u64, event: u64) -> Done {
        let (account, amount, reference) = (stream(number)?, amount(event), reference(event));
        if is_withdrawal(event) {
            self.run(Withdraw { account, amount, reference }).await
        } else {
            self.run(Deposit { account, amount, reference }).await
        }
    }

    async fn append(&mut self, number: u64, events: Range<u64>) -> Done {
        let stream = stream(number)?;
        let version = StreamVersion::new(usize::try_from(events.start)?);
        let mut writes = StreamWrites::new().register_stream(stream.clone(), version)?;
        for number in events {
            writes = writes.append(event(stream.clone(), number))?;
        }
        self.store.append_events(writes).await?;
        Ok(())
    }

    async fn load(&mut self, number: u64) -> Done<u64> {
        let events: Vec<AccountEvent> = collect_events(self.store.read_stream(stream(number)?).await?).await?;
        Ok(events.iter().fold(Account::default(), Account::apply).count)
    }
}

impl<S> Projects for Eventcore<S>
where
    S: EventStore + EventReader + CheckpointStore + ProjectorCoordinator + Send + Sync + 'static,
    <S as EventReader>::Error: Display,
{
    /// Its checkpoint is a commit for each event.
    const MOST: u64 = 20_000;

    async fn project(&mut self, events: u64) -> Done<u64> {
        let balances = Balances::new();
        let mut projected = 0;
        // It ends after a page; the next call goes on at its checkpoint.
        while projected < events {
            run_projection(balances.clone(), &*self.store, ProjectionConfig::default()).await?;
            let count = balances.events();
            if count == projected {
                break;
            }
            projected = count;
        }
        Ok(projected)
    }
}
