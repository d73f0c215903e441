//! The same account with es-entity's snapshots, in tables of its own.

use es_entity::*;
use serde::{Deserialize, Serialize};

use crate::domain::{AccountEvent, AccountId, NewAccount, Overdrawn};

/// The events after which one is taken.
const EVERY: usize = 10;

#[derive(EsSnapshot, Serialize, Deserialize, Debug, Clone)]
#[es_snapshot(version = 1)]
pub struct Balance {
    pub balance: u64,
    pub count: u64,
}

#[derive(EsEntity)]
#[es_entity(event = "AccountEvent", new = "NewAccount")]
pub struct SavedAccount {
    pub id: AccountId,
    pub balance: u64,
    pub count: u64,
    events: EntityEvents<AccountEvent, Balance>,
}

impl SavedAccount {
    pub fn deposit(&mut self, amount: u64, reference: String) -> Idempotent<()> {
        self.balance += amount;
        self.count += 1;
        self.events.push(AccountEvent::Deposited { amount, reference });
        Idempotent::Executed(())
    }

    pub fn withdraw(&mut self, amount: u64, reference: String) -> Result<Idempotent<()>, Overdrawn> {
        if self.balance < amount {
            return Err(Overdrawn);
        }
        self.balance -= amount;
        self.count += 1;
        self.events.push(AccountEvent::Withdrawn { amount, reference });
        Ok(Idempotent::Executed(()))
    }
}

impl HeadSnapshot for SavedAccount {
    fn capture(&self) -> Option<Balance> {
        (self.events.tail_len() >= EVERY).then_some(Balance { balance: self.balance, count: self.count })
    }
}

impl TryFromEvents<AccountEvent, Balance> for SavedAccount {
    fn try_from_events(events: EntityEvents<AccountEvent, Balance>) -> Result<Self, EntityHydrationError> {
        let (mut balance, mut count) = (0, 0);
        for replayed in events.replay() {
            match replayed {
                Replay::Snapshot(saved) => (balance, count) = (saved.balance, saved.count),
                Replay::Event(AccountEvent::Deposited { amount, .. }) => {
                    (balance, count) = (balance + amount, count + 1)
                }
                Replay::Event(AccountEvent::Withdrawn { amount, .. }) => {
                    (balance, count) = (balance - amount, count + 1)
                }
            }
        }
        let mut account = SavedAccount::hydrator();
        account.id(*events.id()).balance(balance).count(count);
        account.build(events)
    }
}

#[derive(EsRepo, Debug)]
#[es_repo(entity = "SavedAccount", event = "AccountEvent", id(ty = "AccountId", source = "caller"), snapshot)]
pub struct SavedAccounts {
    pub pool: sqlx::PgPool,
}
