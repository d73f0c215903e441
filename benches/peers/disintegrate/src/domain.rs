//! The bank account.

use disintegrate::{Decision, Event, StateMutate, StateQuery};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[stream(AccountEvent, [Deposited, Withdrawn])]
pub enum DomainEvent {
    Deposited {
        #[id]
        account: i64,
        amount: u64,
        reference: String,
    },
    Withdrawn {
        #[id]
        account: i64,
        amount: u64,
        reference: String,
    },
}

#[derive(StateQuery, Serialize, Deserialize, Debug, Default, Clone)]
#[state_query(AccountEvent)]
pub struct Account {
    #[id]
    pub account: i64,
    pub balance: u64,
    pub count: u64,
}

impl StateMutate for Account {
    fn mutate(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::Deposited { amount, .. } => self.balance += amount,
            AccountEvent::Withdrawn { amount, .. } => self.balance -= amount,
        }
        self.count += 1;
    }
}

#[derive(Debug, thiserror::Error)]
#[error("balance falls below 0")]
pub struct Overdrawn;

pub struct Deposit {
    pub account: i64,
    pub amount: u64,
    pub reference: String,
}

impl Decision for Deposit {
    type Event = DomainEvent;
    type StateQuery = Account;
    type Error = Overdrawn;

    fn state_query(&self) -> Account {
        Account { account: self.account, ..Account::default() }
    }

    fn process(&self, _: &Account) -> Result<Vec<DomainEvent>, Overdrawn> {
        let Self { account, amount, ref reference } = *self;
        Ok(vec![DomainEvent::Deposited { account, amount, reference: reference.clone() }])
    }
}

pub struct Withdraw {
    pub account: i64,
    pub amount: u64,
    pub reference: String,
}

impl Decision for Withdraw {
    type Event = DomainEvent;
    type StateQuery = Account;
    type Error = Overdrawn;

    fn state_query(&self) -> Account {
        Account { account: self.account, ..Account::default() }
    }

    fn process(&self, state: &Account) -> Result<Vec<DomainEvent>, Overdrawn> {
        let Self { account, amount, ref reference } = *self;
        if state.balance < amount {
            return Err(Overdrawn);
        }
        Ok(vec![DomainEvent::Withdrawn { account, amount, reference: reference.clone() }])
    }
}
