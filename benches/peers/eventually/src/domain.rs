//! The bank account.

use eventually::Aggregate;
use futures::future::BoxFuture;

#[derive(Debug)]
pub(crate) enum AccountCommand {
    Deposit { amount: u64, reference: String },
    Withdraw { amount: u64, reference: String },
}

#[derive(Debug, Clone)]
pub(crate) enum AccountEvent {
    Deposited {
        amount: u64,
        #[expect(dead_code, reason = "a part of the event, of which no state depends")]
        reference: String,
    },
    Withdrawn {
        amount: u64,
        #[expect(dead_code, reason = "a part of the event, of which no state depends")]
        reference: String,
    },
}

#[derive(Debug, thiserror::Error)]
#[error("balance falls below 0")]
pub(crate) struct Overdrawn;

#[derive(Debug, Default, Clone)]
pub(crate) struct Account {
    pub(crate) balance: u64,
    pub(crate) count: u64,
}

#[derive(Clone)]
pub(crate) struct Accounts;

impl Aggregate for Accounts {
    type Id = String;
    type State = Account;
    type Event = AccountEvent;
    type Command = AccountCommand;
    type Error = Overdrawn;

    fn apply(mut state: Account, event: AccountEvent) -> Result<Account, Overdrawn> {
        match event {
            AccountEvent::Deposited { amount, .. } => state.balance += amount,
            AccountEvent::Withdrawn { amount, .. } => state.balance -= amount,
        }
        state.count += 1;
        Ok(state)
    }

    fn handle<'a, 's: 'a>(
        &'a self,
        _: &'s String,
        state: &'s Account,
        command: AccountCommand,
    ) -> BoxFuture<'a, Result<Option<Vec<AccountEvent>>, Overdrawn>> {
        Box::pin(async move {
            match command {
                AccountCommand::Deposit { amount, reference } => {
                    Ok(Some(vec![AccountEvent::Deposited { amount, reference }]))
                }
                AccountCommand::Withdraw { amount, .. } if state.balance < amount => Err(Overdrawn),
                AccountCommand::Withdraw { amount, reference } => {
                    Ok(Some(vec![AccountEvent::Withdrawn { amount, reference }]))
                }
            }
        })
    }
}
