//! eventcore, in memory and on SQLite.

mod balances;
mod domain;

use std::fmt::Display;
use std::ops::Range;
use std::sync::Arc;

use balances::Balances;
use domain::{Account, AccountEvent, Deposit, Withdraw};
use eventcore::{ProjectionConfig, RetryPolicy, StreamId, execute, run_projection};
use eventcore_memory::InMemoryEventStore;
use eventcore_sqlite::{SqliteEventStore, rusqlite};
use eventcore_types::{
    CheckpointStore, EventReader, EventStore, ProjectorCoordinator, StreamVersion, StreamWrites, collect_events,
};
use peers_common::{Done, Peer, Program, Projects, Store, account, amount, is_withdrawal, reference};

fn main() -> Done {
    let mut program = Program::of(&["eventcore", "eventcore-memory", "eventcore-sqlite"]);
    let memory = || async { Ok(Eventcore::on(InMemoryEventStore::new())) };
    program.subject(Store::Memory, "eventcore", memory).one().many().replay().project().bulk();
    program.subject(Store::Sqlite, "eventcore", sqlite).one().many().replay().project().bulk();
    program.run()
}

async fn sqlite() -> Done<Eventcore<SqliteEventStore>> {
    let connection = rusqlite::Connection::open(peers_common::file()?)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let store = SqliteEventStore::from_connection(connection);
    store.migrate().await?;
    Ok(Eventcore::on(store))
}

struct Eventcore<S> {
    store: Arc<S>,
}

impl<S> Eventcore<S> {
    fn on(store: S) -> Self {
        Self { store: Arc::new(store) }
    }
}

impl<S> Clone for Eventcore<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store) }
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
    async fn execute(&mut self, number: u64, event: u64) -> Done {
        let (account, amount, reference) = (stream(number)?, amount(event), reference(event));
        if is_withdrawal(event) {
            execute(&*self.store, Withdraw { account, amount, reference }, RetryPolicy::new()).await?;
        } else {
            execute(&*self.store, Deposit { account, amount, reference }, RetryPolicy::new()).await?;
        }
        Ok(())
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
