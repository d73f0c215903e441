//! The bank account.

use eventcore::{Command, CommandError, CommandLogic, Event, NewEvents, StreamId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub(crate) enum AccountEvent {
    Deposited { account: StreamId, amount: u64, reference: String },
    Withdrawn { account: StreamId, amount: u64, reference: String },
}

impl Event for AccountEvent {
    fn stream_id(&self) -> &StreamId {
        match self {
            Self::Deposited { account, .. } | Self::Withdrawn { account, .. } => account,
        }
    }

    fn event_type_name() -> &'static str {
        "AccountEvent"
    }
}

#[derive(Debug, thiserror::Error)]
#[error("balance falls below 0")]
pub(crate) struct Overdrawn;

#[derive(Serialize, Deserialize, Debug, Default, Clone)]
pub(crate) struct Account {
    pub(crate) balance: u64,
    pub(crate) count: u64,
}

impl Account {
    pub(crate) fn apply(mut self, event: &AccountEvent) -> Self {
        match event {
            AccountEvent::Deposited { amount, .. } => self.balance += amount,
            AccountEvent::Withdrawn { amount, .. } => self.balance -= amount,
        }
        self.count += 1;
        self
    }
}

#[derive(Command, Clone)]
pub(crate) struct Deposit {
    #[stream]
    pub(crate) account: StreamId,
    pub(crate) amount: u64,
    pub(crate) reference: String,
}

impl CommandLogic for Deposit {
    type Event = AccountEvent;
    type State = Account;

    fn apply(&self, state: Account, event: &AccountEvent) -> Account {
        state.apply(event)
    }

    fn handle(&self, _: Account) -> Result<NewEvents<AccountEvent>, CommandError> {
        let Self { account, amount, reference } = self.clone();
        Ok(vec![AccountEvent::Deposited { account, amount, reference }].into())
    }
}

#[derive(Command, Clone)]
pub(crate) struct Withdraw {
    #[stream]
    pub(crate) account: StreamId,
    pub(crate) amount: u64,
    pub(crate) reference: String,
}

impl CommandLogic for Withdraw {
    type Event = AccountEvent;
    type State = Account;

    fn apply(&self, state: Account, event: &AccountEvent) -> Account {
        state.apply(event)
    }

    fn handle(&self, state: Account) -> Result<NewEvents<AccountEvent>, CommandError> {
        if state.balance < self.amount {
            return Err(CommandError::business_rule_violated(Overdrawn));
        }
        let Self { account, amount, reference } = self.clone();
        Ok(vec![AccountEvent::Withdrawn { account, amount, reference }].into())
    }
}
