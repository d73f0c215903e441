//! The bank account. SierraDB is a store alone: the rest is the user's.

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug)]
pub(crate) enum AccountEvent {
    Deposited { amount: u64, reference: String },
    Withdrawn { amount: u64, reference: String },
}

impl AccountEvent {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Deposited { .. } => "deposited",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("balance falls below 0")]
pub(crate) struct Overdrawn;

#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) balance: u64,
    pub(crate) count: u64,
}

impl Account {
    pub(crate) fn deposit(&self, amount: u64, reference: String) -> AccountEvent {
        AccountEvent::Deposited { amount, reference }
    }

    pub(crate) fn withdraw(&self, amount: u64, reference: String) -> Result<AccountEvent, Overdrawn> {
        if self.balance < amount {
            return Err(Overdrawn);
        }
        Ok(AccountEvent::Withdrawn { amount, reference })
    }

    pub(crate) fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Deposited { amount, .. } => self.balance += amount,
            AccountEvent::Withdrawn { amount, .. } => self.balance -= amount,
        }
        self.count += 1;
    }
}
