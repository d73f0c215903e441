//! evento on SQLite, with each of its snapshots, and on Fjall.

mod balances;
mod domain;
mod snapshots;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::{Deposited, Withdrawn};
use evento::Executor;
use evento::migrator::{Migrate as _, Plan};
use peers_common::{Done, Peer, Program, Projects, Store, account, amount, is_withdrawal, reference};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

/// Some more than the second.
const MARGIN: Duration = Duration::from_millis(1_200);

static NEXT: AtomicU64 = AtomicU64::new(0);

fn main() -> Done {
    let mut program = Program::of(&["evento", "evento-sql", "evento-fjall"]);
    program.subject(Store::Sqlite, "evento", || sqlite(Snapshots::Memory)).one().many().replay().project().bulk();
    program.subject(Store::Sqlite, "evento, snapshots in the store", || sqlite(Snapshots::Stored)).one().many();
    program.subject(Store::Sqlite, "evento on Fjall", fjall).one().many().replay().project().bulk();
    program.run()
}

async fn sqlite(snapshots: Snapshots) -> Done<Evento<evento::Sqlite>> {
    let options = SqliteConnectOptions::new().filename(peers_common::file()?).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let options = options.busy_timeout(Duration::from_secs(30));
    let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
    let mut connection = pool.acquire().await?;
    evento::sql_migrator::new::<sqlx::Sqlite>()?.run(&mut *connection, &Plan::apply_all()).await?;
    drop(connection);
    Ok(Evento::on(pool.into(), snapshots))
}

/// It syncs each commit unless it is told otherwise.
async fn fjall() -> Done<Evento<evento::Fjall>> {
    Ok(Evento::on(evento::Fjall::open(peers_common::file()?)?, Snapshots::Memory))
}

#[derive(Debug, Clone, Copy)]
enum Snapshots {
    Memory,
    Stored,
}

#[derive(Clone)]
struct Evento<E> {
    store: E,
    /// Begins the ids of its accounts: the states in memory are those of the whole process.
    prefix: Arc<str>,
    snapshots: Snapshots,
}

impl<E> Evento<E> {
    fn on(store: E, snapshots: Snapshots) -> Self {
        let prefix = format!("{}-", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { store, prefix: prefix.into(), snapshots }
    }

    fn id(&self, number: u64) -> String {
        format!("{}{}", self.prefix, account(number))
    }
}

impl<E: Executor + Clone> Peer for Evento<E> {
    /// Writers of SQLite hinder each other.
    const WRITERS: usize = 1;

    /// The versions of a stream are 16 bits.
    const LONGEST: u64 = 65_000;

    /// On SQLite, no snapshot has events of the last second, in memory neither, and each command reads them again: an
    /// account with many of them is let grow old.
    async fn prepare(&mut self, number: u64, prior: u64) -> Done {
        if prior == 0 {
            return self.append(number, 0..1).await;
        }
        if self.store.stable_timestamp().await?.is_some() {
            tokio::time::sleep(MARGIN).await;
        }
        self.execute(number, prior).await
    }

    async fn execute(&mut self, number: u64, event: u64) -> Done {
        let (store, id, amount, reference) = (&self.store, self.id(number), amount(event), reference(event));
        match (self.snapshots, is_withdrawal(event)) {
            (Snapshots::Memory, false) => domain::deposit(store, &id, amount, reference).await?,
            (Snapshots::Memory, true) => domain::withdraw(store, &id, amount, reference).await?,
            (Snapshots::Stored, false) => snapshots::deposit(store, &id, amount, reference).await?,
            (Snapshots::Stored, true) => snapshots::withdraw(store, &id, amount, reference).await?,
        }
        Ok(())
    }

    async fn append(&mut self, number: u64, events: Range<u64>) -> Done {
        let mut append = evento::append(self.id(number));
        append.original_version(u16::try_from(events.start)?);
        for number in events {
            let (amount, reference) = (amount(number), reference(number));
            if is_withdrawal(number) {
                append.event(&Withdrawn { amount, reference });
            } else {
                append.event(&Deposited { amount, reference });
            }
        }
        append.commit(&self.store).await?;
        Ok(())
    }

    async fn load(&mut self, number: u64) -> Done<u64> {
        Ok(snapshots::count(&self.store, &self.id(number)).await?)
    }
}

impl<E: Executor + Clone> Projects for Evento<E> {
    /// 200,000 would take half a minute.
    const MOST: u64 = 20_000;

    async fn project(&mut self, events: u64) -> Done<u64> {
        balances::project(&self.store, events).await
    }
}
