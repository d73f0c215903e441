//! disintegrate on PostgreSQL, with and without its snapshots.

mod balances;
mod domain;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use balances::Balances;
use disintegrate::serde::json::Json;
use disintegrate::{
    EventStore as _, NoSnapshot, StateMutate as _, StateQuery as _, StreamItem, StreamQuery, WithSnapshot,
};
use disintegrate_postgres::{
    PgDecisionMaker, PgEventId, PgEventListener, PgEventListenerConfig, PgEventStore, PgSnapshotter, WithPgSnapshot,
    decision_maker,
};
use domain::{Account, AccountEvent, Deposit, DomainEvent, Withdraw};
use futures::StreamExt as _;
use peers_common::{Done, Peer, Program, Projects, Store, amount, is_withdrawal, reference};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

fn main() -> Done {
    let mut program = Program::of(&["disintegrate", "disintegrate-postgres"]);
    program.subject(Store::Postgres, "disintegrate", || postgres(None)).one().many().replay().project().bulk();
    program.subject(Store::Postgres, "disintegrate, a snapshot each 10 events", || postgres(Some(10))).one().many();
    program.run()
}

type Events = PgEventStore<DomainEvent, Json<DomainEvent>>;

async fn postgres(snapshots: Option<u64>) -> Done<Disintegrate> {
    let pool = PgPoolOptions::new().max_connections(16).connect(&peers_common::database()?).await?;
    sqlx::raw_sql(include_str!("schema.sql")).execute(&pool).await?;
    let store = PgEventStore::new_uninitialized(pool.clone(), Json::default());
    let decisions = match snapshots {
        None => Decisions::Plain(Arc::new(decision_maker(store.clone(), NoSnapshot))),
        Some(every) => {
            let snapshots = WithSnapshot::new(PgSnapshotter::try_new(pool.clone(), every).await?);
            Decisions::Snapshots(Arc::new(decision_maker(store.clone(), snapshots)))
        }
    };
    Ok(Disintegrate { pool, store, decisions })
}

#[derive(Clone)]
enum Decisions {
    Plain(Arc<PgDecisionMaker<DomainEvent, Json<DomainEvent>, NoSnapshot>>),
    Snapshots(Arc<PgDecisionMaker<DomainEvent, Json<DomainEvent>, WithPgSnapshot>>),
}

#[derive(Clone)]
struct Disintegrate {
    pool: PgPool,
    store: Events,
    decisions: Decisions,
}

fn event(account: i64, number: u64) -> DomainEvent {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) {
        DomainEvent::Withdrawn { account, amount, reference }
    } else {
        DomainEvent::Deposited { account, amount, reference }
    }
}

impl Peer for Disintegrate {
    /// A snapshot is first taken by a command that has read as many events.
    async fn prepare(&mut self, number: u64, prior: u64) -> Done {
        match self.decisions {
            Decisions::Snapshots(_) if prior > 0 => self.execute(number, prior).await,
            _ => Ok(()),
        }
    }

    /// A command is an error where another one was in its way: its check of conflicts takes in those of other accounts.
    async fn execute(&mut self, number: u64, event: u64) -> Done {
        let (account, amount, reference) = (i64::try_from(number)?, amount(event), reference(event));
        match (&self.decisions, is_withdrawal(event)) {
            (Decisions::Plain(decisions), false) => {
                decisions.make(Deposit { account, amount, reference }).await?;
            }
            (Decisions::Plain(decisions), true) => {
                decisions.make(Withdraw { account, amount, reference }).await?;
            }
            (Decisions::Snapshots(decisions), false) => {
                decisions.make(Deposit { account, amount, reference }).await?;
            }
            (Decisions::Snapshots(decisions), true) => {
                decisions.make(Withdraw { account, amount, reference }).await?;
            }
        }
        Ok(())
    }

    async fn append(&mut self, number: u64, events: Range<u64>) -> Done {
        let account = i64::try_from(number)?;
        self.store.append_without_validation(events.map(|number| event(account, number)).collect()).await?;
        Ok(())
    }

    async fn load(&mut self, number: u64) -> Done<u64> {
        let mut account = Account { account: i64::try_from(number)?, ..Account::default() };
        let query: StreamQuery<PgEventId, AccountEvent> = account.query();
        let mut events = self.store.stream(&query);
        while let Some(item) = events.next().await {
            if let StreamItem::Event(event) = item? {
                account.mutate(event.into_inner());
            }
        }
        Ok(account.count)
    }

    async fn close(self) -> Done {
        self.pool.close().await;
        Ok(())
    }
}

impl Projects for Disintegrate {
    async fn project(&mut self, events: u64) -> Done<u64> {
        // Its checkpoint. The listener makes the table when it starts.
        sqlx::raw_sql("DROP TABLE IF EXISTS event_listener").execute(&self.pool).await?;
        let (balances, count) = Balances::new();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let config = PgEventListenerConfig::poller(Duration::from_millis(50));
        let listener = PgEventListener::builder(self.store.clone()).register_listener(balances, config);
        let listening = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            listener.start_with_shutdown(stopped).await.map_err(|error| error.to_string())
        });
        while count.load(Ordering::Relaxed) < events && !listening.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let count = count.load(Ordering::Relaxed);
        drop(stop);
        listening.await??;
        Ok(count)
    }
}
