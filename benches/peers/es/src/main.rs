//! es on its three stores.

// What the benches of `es` alone have.
#[path = "../../../run/account.rs"]
mod domain;
#[path = "../../../run/view.rs"]
mod view;

use std::ops::Range;
use std::sync::Arc;

use domain::{Account, AccountCommand, AccountEvent, Deposit, Deposited, Withdraw, Withdrawn};
use es_core::prelude::*;
use es_core::{Append, ExpectedVersion, NewEvent, SnapshotStore};
use es_postgres::PostgresStore;
use es_sqlite::SqliteStore;
use peers_common::{Done, Peer, Program, Projects, Store, account, amount, is_withdrawal, reference};
use view::Balances;

fn main() -> Done {
    let mut program = Program::of(&["es-core"]);
    program
        .subject(Store::Memory, "es", || async { Es::on(MemoryStore::new()) })
        .one()
        .many()
        .replay()
        .project()
        .bulk();
    program.subject(Store::Sqlite, "es", sqlite).one().many().replay().project().bulk();
    program.subject(Store::Postgres, "es", postgres).one().many().replay().project().bulk();
    program.run()
}

async fn sqlite() -> Done<Es<SqliteStore>> {
    Es::on(SqliteStore::open(peers_common::file()?).await?)
}

async fn postgres() -> Done<Es<PostgresStore>> {
    // Each in a schema of its own.
    let schema = format!("es_{}", EventId::new().to_string().replace('-', ""));
    Es::on(PostgresStore::builder().schema(&schema).connect(&peers_common::database()?).await?)
}

#[derive(Clone)]
struct Es<S: Journal + SnapshotStore + Clone> {
    store: S,
    accounts: Repository<Account, S>,
}

/// The stores are closed in the same way, but not by a trait of es.
trait Close {
    fn close(&self) -> impl Future<Output = ()> + Send;
}

impl Close for MemoryStore {
    async fn close(&self) {}
}

impl Close for SqliteStore {
    async fn close(&self) {
        self.close().await;
    }
}

impl Close for PostgresStore {
    async fn close(&self) {
        self.close().await;
    }
}

impl<S: Journal + SnapshotStore + Clone> Es<S> {
    #[expect(clippy::unnecessary_wraps, reason = "as the stores that can fail to open")]
    fn on(store: S) -> Done<Self> {
        Ok(Self { accounts: Repository::new(&store), store })
    }
}

fn command(number: u64) -> AccountCommand {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) { Withdraw { amount, reference }.into() } else { Deposit { amount, reference }.into() }
}

fn event(number: u64) -> AccountEvent {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) { Withdrawn { amount, reference }.into() } else { Deposited { amount, reference }.into() }
}

fn new_event(number: u64) -> Done<NewEvent> {
    let mut payload = Vec::with_capacity(96);
    let kind = Account::encode_event(&event(number), &mut payload)?;
    Ok(NewEvent {
        id: EventId::new(),
        name: kind.name.into(),
        version: kind.version,
        format: "json".into(),
        payload,
        metadata: Arc::default(),
    })
}

impl<S: Journal + SnapshotStore + Close + Clone> Peer for Es<S> {
    async fn prepare(&mut self, number: u64, _: u64) -> Done {
        // It keeps the states of the last aggregates.
        self.accounts.load(account(number)).await?;
        Ok(())
    }

    async fn execute(&mut self, number: u64, event: u64) -> Done {
        self.accounts.execute(account(number), command(event)).await?;
        Ok(())
    }

    async fn append(&mut self, number: u64, events: Range<u64>) -> Done {
        let stream = StreamId::new("account", &account(number))?;
        let version = ExpectedVersion::Exact(events.start);
        let events = events.map(new_event).collect::<Done<_>>()?;
        self.store.append(Append::to_stream(stream, version, events)).await?;
        Ok(())
    }

    async fn load(&mut self, number: u64) -> Done<u64> {
        // One that has nothing at hand.
        let accounts = Repository::<Account, _>::new(&self.store);
        Ok(accounts.load(account(number)).await?.state.count)
    }

    async fn close(self) -> Done {
        self.store.close().await;
        Ok(())
    }
}

impl<S: Journal + SnapshotStore + Close + Clone> Projects for Es<S> {
    async fn project(&mut self, _: u64) -> Done<u64> {
        let mut projector = Projector::in_memory(&self.store, Balances::default());
        let balances = projector.handle();
        projector.run_to_head().await?;
        Ok(balances.view().await.events)
    }
}
