//! The domain: an account, its commands and events, and what it rejects. Nothing in here knows of files or databases.

use std::fmt;

use es_core::prelude::*;
use serde::{Deserialize, Serialize};

/// Pay money in.
#[derive(Command, Debug, Clone)]
pub struct Increase {
    /// The amount.
    pub by: u64,
}

/// Take money out.
#[derive(Command, Debug, Clone)]
pub struct Decrease {
    /// The amount.
    pub by: u64,
}

/// Take money out, to be paid into another account.
#[derive(Command, Debug, Clone)]
pub struct TransferTo {
    /// The amount.
    pub by: u64,
    /// The other account.
    pub to: String,
}

/// Pay money in that was taken out of another account.
#[derive(Command, Debug, Clone)]
pub struct TransferFrom {
    /// The amount.
    pub by: u64,
    /// The other account.
    pub from: String,
}

/// Money was paid in.
///
/// v2: `from` is new; of what was recorded before, nobody knows any more which were transfers.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "increased", version = 2)]
pub struct Increased {
    /// The amount.
    pub by: u64,
    /// The account that it was transferred from.
    #[event(added(default = None, since = 2))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// Money was taken out.
///
/// v2: `to` is new.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "decreased", version = 2)]
pub struct Decreased {
    /// The amount.
    pub by: u64,
    /// The account that it was transferred to.
    #[event(added(default = None, since = 2))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Why an account rejects a command.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AccountError {
    /// More was to be taken out than is there.
    #[error("balance falls below 0")]
    BelowZero,
    /// More was to be paid in than an account may hold.
    #[error("balance limit of {limit} is reached")]
    LimitReached {
        /// The most that an account may hold.
        limit: u64,
    },
}

/// A bank account whose balance stays between 0 and 1000.
#[derive(Aggregate, Serialize, Deserialize, Debug, Default, Clone, PartialEq)]
#[aggregate(
    name = "account",
    commands(Increase, Decrease, TransferTo, TransferFrom),
    events(Increased, Decreased),
    error = AccountError,
    snapshot(every = 100, keep = 2)
)]
pub struct Account {
    /// What is in the account.
    #[apply(Increased => self.balance + event.by)]
    #[apply(Decreased => self.balance - event.by)]
    pub balance: u64,
}

const LIMIT: u64 = 1000;

impl Account {
    fn increase(&self, by: u64, from: Option<String>) -> Decision<Self> {
        match self.balance.checked_add(by) {
            Some(balance) if balance <= LIMIT => accept(Increased { by, from }),
            _ => reject(AccountError::LimitReached { limit: LIMIT }),
        }
    }

    fn decrease(&self, by: u64, to: Option<String>) -> Decision<Self> {
        if by > self.balance {
            return reject(AccountError::BelowZero);
        }
        accept(Decreased { by, to })
    }
}

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        self.increase(command.by, None)
    }
}

impl Handle<Decrease> for Account {
    fn handle(&self, command: Decrease, _: &Context) -> Decision<Self> {
        self.decrease(command.by, None)
    }
}

impl Handle<TransferFrom> for Account {
    fn handle(&self, command: TransferFrom, _: &Context) -> Decision<Self> {
        self.increase(command.by, Some(command.from))
    }
}

impl Handle<TransferTo> for Account {
    fn handle(&self, command: TransferTo, _: &Context) -> Decision<Self> {
        self.decrease(command.by, Some(command.to))
    }
}

impl fmt::Display for AccountCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Increase(command) => write!(f, "Increase by {}", command.by),
            Self::Decrease(command) => write!(f, "Decrease by {}", command.by),
            Self::TransferFrom(command) => write!(f, "Transfer {} from {}", command.by, command.from),
            Self::TransferTo(command) => write!(f, "Transfer {} to {}", command.by, command.to),
        }
    }
}

impl fmt::Display for AccountEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Increased(event) => write!(f, "Increased by {}", event.by),
            Self::Decreased(event) => write!(f, "Decreased by {}", event.by),
        }
    }
}

impl AccountEvent {
    /// What else there is to say of it.
    pub fn transfer(&self) -> Option<String> {
        match self {
            Self::Increased(event) => event.from.as_ref().map(|from| format!("transferred from {from}")),
            Self::Decreased(event) => event.to.as_ref().map(|to| format!("transferred to {to}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use es_core::testing::{Scenario, assert_schema_lock};

    fn increased(by: u64) -> Increased {
        Increased { by, from: None }
    }

    fn decreased(by: u64) -> Decreased {
        Decreased { by, to: None }
    }

    /// Fails when an event that may be in somebody's bank.db changed its shape without a new version.
    #[test]
    fn the_schema_is_locked() {
        assert_schema_lock::<Account>("events.lock");
    }

    #[test]
    fn money_is_paid_in() {
        Scenario::<Account>::new().when(Increase { by: 100 }).then(increased(100)).then_state(Account { balance: 100 });
    }

    #[test]
    fn money_is_taken_out_to_the_last_coin() {
        Scenario::<Account>::given(increased(100))
            .when(Decrease { by: 100 })
            .then(decreased(100))
            .then_state(Account { balance: 0 });
    }

    #[test]
    fn a_balance_never_falls_below_zero() {
        Scenario::<Account>::given((increased(100), decreased(30)))
            .when(Decrease { by: 100 })
            .then_error(AccountError::BelowZero)
            .then_state(Account { balance: 70 });
    }

    #[test]
    fn a_balance_reaches_the_limit_and_goes_no_further() {
        let limit = AccountError::LimitReached { limit: 1000 };
        Scenario::<Account>::given(increased(999))
            .when(Increase { by: 1 })
            .then_state(Account { balance: 1000 })
            .when(Increase { by: 1 })
            .then_error(limit.clone())
            .when(Increase { by: u64::MAX })
            .then_error(limit);
    }

    #[test]
    fn a_transfer_says_where_the_money_came_from_and_went_to() {
        Scenario::<Account>::given(increased(100))
            .when(TransferTo { by: 30, to: "bob".to_owned() })
            .then(Decreased { by: 30, to: Some("bob".to_owned()) })
            .when(TransferFrom { by: 10, from: "carol".to_owned() })
            .then(Increased { by: 10, from: Some("carol".to_owned()) })
            .then_state(Account { balance: 80 })
            .when(TransferTo { by: 81, to: "bob".to_owned() })
            .then_error(AccountError::BelowZero)
            .when(TransferFrom { by: 921, from: "carol".to_owned() })
            .then_error(AccountError::LimitReached { limit: 1000 });
    }
}
