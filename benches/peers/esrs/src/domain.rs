//! The bank account.

use esrs::Aggregate;
use serde::{Deserialize, Serialize};

#[derive(Debug)]
pub(crate) enum AccountCommand {
    Deposit { amount: u64, reference: String },
    Withdraw { amount: u64, reference: String },
}

#[derive(Serialize, Deserialize, Debug, Clone)]
pub(crate) enum AccountEvent {
    Deposited { amount: u64, reference: String },
    Withdrawn { amount: u64, reference: String },
}

#[derive(Debug, thiserror::Error)]
#[error("balance falls below 0")]
pub(crate) struct Overdrawn;

#[derive(Debug, Default, Clone)]
pub(crate) struct AccountState {
    pub(crate) balance: u64,
    pub(crate) count: u64,
}

pub(crate) struct Account;

impl Aggregate for Account {
    const NAME: &'static str = "account";

    type State = AccountState;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = Overdrawn;

    fn handle_command(state: &AccountState, command: AccountCommand) -> Result<Vec<AccountEvent>, Overdrawn> {
        match command {
            AccountCommand::Deposit { amount, reference } => Ok(vec![AccountEvent::Deposited { amount, reference }]),
            AccountCommand::Withdraw { amount, .. } if state.balance < amount => Err(Overdrawn),
            AccountCommand::Withdraw { amount, reference } => Ok(vec![AccountEvent::Withdrawn { amount, reference }]),
        }
    }

    fn apply_event(mut state: AccountState, event: AccountEvent) -> AccountState {
        match event {
            AccountEvent::Deposited { amount, .. } => state.balance += amount,
            AccountEvent::Withdrawn { amount, .. } => state.balance -= amount,
        }
        state.count += 1;
        state
    }
}
