//! es-entity on PostgreSQL, with and without its snapshots. It has no projections.

mod domain;
mod snapshots;

use std::ops::Range;
use std::sync::Arc;

use domain::{AccountEvent, AccountId, Accounts, NewAccount};
use es_entity::Idempotent;
use peers_common::{Done, Peer, Program, Store, amount, is_withdrawal, reference};
use snapshots::SavedAccounts;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

fn main() -> Done {
    let mut program = Program::of(&["es-entity"]);
    let plain = || async { Ok(Entities(Arc::new(Accounts { pool: connect().await? }))) };
    program.subject(Store::Postgres, "es-entity", plain).one().many().replay().bulk();
    let saved = || async { Ok(Entities(Arc::new(SavedAccounts { pool: connect().await? }))) };
    program.subject(Store::Postgres, "es-entity, a snapshot each 10 events", saved).one().many();
    program.run()
}

/// Connects to empty tables.
async fn connect() -> Done<PgPool> {
    let pool = PgPoolOptions::new().max_connections(16).connect(&peers_common::database()?).await?;
    sqlx::raw_sql(include_str!("schema.sql")).execute(&pool).await?;
    Ok(pool)
}

/// A repository, whose functions es-entity generates for each entity.
#[derive(Debug)]
struct Entities<R>(Arc<R>);

impl<R> Clone for Entities<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

fn id(number: u64) -> AccountId {
    Uuid::from_u128(u128::from(number)).into()
}

fn event(number: u64) -> AccountEvent {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) {
        AccountEvent::Withdrawn { amount, reference }
    } else {
        AccountEvent::Deposited { amount, reference }
    }
}

macro_rules! peer {
    ($repository:ty) => {
        impl Peer for Entities<$repository> {
            /// What is not there cannot be updated.
            async fn prepare(&mut self, number: u64, prior: u64) -> Done {
                if prior == 0 { self.append(number, 0..1).await } else { Ok(()) }
            }

            async fn execute(&mut self, number: u64, event: u64) -> Done {
                let mut account = self.0.find_by_id(id(number)).await?;
                let (amount, reference) = (amount(event), reference(event));
                let done = if is_withdrawal(event) {
                    account.withdraw(amount, reference)?
                } else {
                    account.deposit(amount, reference)
                };
                if let Idempotent::Executed(()) = done {
                    self.0.update(&mut account).await?;
                }
                Ok(())
            }

            async fn append(&mut self, number: u64, events: Range<u64>) -> Done {
                if events.start == 0 {
                    self.0.create(NewAccount { id: id(number), events: events.map(event).collect() }).await?;
                    return Ok(());
                }
                let mut account = self.0.find_by_id(id(number)).await?;
                for number in events {
                    let (amount, reference) = (amount(number), reference(number));
                    let _ = if is_withdrawal(number) {
                        account.withdraw(amount, reference)?
                    } else {
                        account.deposit(amount, reference)
                    };
                }
                self.0.update(&mut account).await?;
                Ok(())
            }

            async fn load(&mut self, number: u64) -> Done<u64> {
                Ok(self.0.find_by_id(id(number)).await?.count)
            }

            async fn close(self) -> Done {
                self.0.pool.close().await;
                Ok(())
            }
        }
    };
}

peer!(Accounts);
peer!(SavedAccounts);
