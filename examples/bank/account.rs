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

/// Money was paid in.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "increased")]
pub struct Increased {
    /// The amount.
    pub by: u64,
}

/// Money was taken out.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(name = "decreased")]
pub struct Decreased {
    /// The amount.
    pub by: u64,
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
    commands(Increase, Decrease),
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

impl Handle<Increase> for Account {
    fn handle(&self, command: Increase, _: &Context) -> Decision<Self> {
        match self.balance.checked_add(command.by) {
            Some(balance) if balance <= LIMIT => accept(Increased { by: command.by }),
            _ => reject(AccountError::LimitReached { limit: LIMIT }),
        }
    }
}

impl Handle<Decrease> for Account {
    fn handle(&self, command: Decrease, _: &Context) -> Decision<Self> {
        if command.by > self.balance {
            return reject(AccountError::BelowZero);
        }
        accept(Decreased { by: command.by })
    }
}

impl fmt::Display for AccountCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Increase(command) => write!(f, "Increase by {}", command.by),
            Self::Decrease(command) => write!(f, "Decrease by {}", command.by),
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

#[cfg(test)]
mod tests {
    use super::*;
    use es_core::testing::Scenario;

    #[test]
    fn money_is_paid_in() {
        Scenario::<Account>::new()
            .when(Increase { by: 100 })
            .then(Increased { by: 100 })
            .then_state(Account { balance: 100 });
    }

    #[test]
    fn money_is_taken_out_to_the_last_coin() {
        Scenario::<Account>::given(Increased { by: 100 })
            .when(Decrease { by: 100 })
            .then(Decreased { by: 100 })
            .then_state(Account { balance: 0 });
    }

    #[test]
    fn a_balance_never_falls_below_zero() {
        Scenario::<Account>::given((Increased { by: 100 }, Decreased { by: 30 }))
            .when(Decrease { by: 100 })
            .then_error(AccountError::BelowZero)
            .then_state(Account { balance: 70 });
    }

    #[test]
    fn a_balance_reaches_the_limit_and_goes_no_further() {
        let limit = AccountError::LimitReached { limit: 1000 };
        Scenario::<Account>::given(Increased { by: 999 })
            .when(Increase { by: 1 })
            .then_state(Account { balance: 1000 })
            .when(Increase { by: 1 })
            .then_error(limit.clone())
            .when(Increase { by: u64::MAX })
            .then_error(limit);
    }
}
