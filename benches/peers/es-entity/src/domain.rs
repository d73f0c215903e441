//! The bank account.

use es_entity::*;
use serde::{Deserialize, Serialize};

es_entity::entity_id! { AccountId }

#[derive(EsEvent, Serialize, Deserialize, Debug)]
#[serde(tag = "type", rename_all = "snake_case")]
#[es_event(id = "AccountId")]
pub enum AccountEvent {
    Deposited { amount: u64, reference: String },
    Withdrawn { amount: u64, reference: String },
}

#[derive(Debug, thiserror::Error)]
#[error("balance falls below 0")]
pub struct Overdrawn;

#[derive(EsEntity)]
pub struct Account {
    pub id: AccountId,
    pub balance: u64,
    pub count: u64,
    events: EntityEvents<AccountEvent>,
}

impl Account {
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

impl TryFromEvents<AccountEvent> for Account {
    fn try_from_events(events: EntityEvents<AccountEvent>) -> Result<Self, EntityHydrationError> {
        let (mut balance, mut count) = (0, 0);
        for event in events.iter_all() {
            match event {
                AccountEvent::Deposited { amount, .. } => balance += amount,
                AccountEvent::Withdrawn { amount, .. } => balance -= amount,
            }
            count += 1;
        }
        let mut account = Account::hydrator();
        account.id(*events.id()).balance(balance).count(count);
        account.build(events)
    }
}

pub struct NewAccount {
    pub id: AccountId,
    pub events: Vec<AccountEvent>,
}

impl IntoEvents<AccountEvent> for NewAccount {
    type IdSource = FromCaller;

    fn into_events(self, builder: EntityEventsBuilder<AccountEvent, FromCaller>) -> EntityEvents<AccountEvent> {
        builder.initial_events(self.id, self.events)
    }
}

#[derive(EsRepo, Debug)]
#[es_repo(entity = "Account", id(source = "caller"))]
pub struct Accounts {
    pub pool: sqlx::PgPool,
}
