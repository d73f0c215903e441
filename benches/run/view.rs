//! The balances of all accounts, in memory. `benches/peers/es` has them from here.

use std::collections::HashMap;

use es_core::prelude::*;

use crate::domain::{Deposited, Withdrawn};

#[derive(Projection, Default)]
#[projection(name = "balances", in_memory, events(Deposited, Withdrawn))]
pub(crate) struct Balances {
    by_account: HashMap<String, u64>,
    pub(crate) events: u64,
}

impl Balances {
    fn change(&mut self, account: &str, change: impl Fn(u64) -> u64) {
        self.events += 1;
        if let Some(balance) = self.by_account.get_mut(account) {
            *balance = change(*balance);
        } else {
            self.by_account.insert(account.to_owned(), change(0));
        }
    }
}

impl Project<Deposited> for Balances {
    async fn project(&mut self, recorded: &Recorded<Deposited>, (): &mut ()) -> Projected {
        self.change(recorded.stream.id(), |balance| balance + recorded.event.amount);
        Ok(())
    }
}

impl Project<Withdrawn> for Balances {
    async fn project(&mut self, recorded: &Recorded<Withdrawn>, (): &mut ()) -> Projected {
        self.change(recorded.stream.id(), |balance| balance - recorded.event.amount);
        Ok(())
    }
}
