//! eventually in memory: the release of 2020, the last one that is published. It keeps events as values, and encodes nothing.

mod domain;

use std::ops::Range;

use domain::{AccountCommand, AccountEvent, Accounts};
use eventually::{AggregateRootBuilder, EventStore as _, Repository};
use eventually_core::store::Expected;
use eventually_util::inmemory::EventStore;
use peers_common::{Done, Peer, Program, Store, account, amount, is_withdrawal, reference};

fn main() -> Done {
    let mut program = Program::of(&["eventually", "eventually-util"]);
    program.subject(Store::Memory, "eventually", || async { Ok(Eventually::default()) }).one().many().replay().bulk();
    program.run()
}

fn command(number: u64) -> AccountCommand {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) {
        AccountCommand::Withdraw { amount, reference }
    } else {
        AccountCommand::Deposit { amount, reference }
    }
}

fn event(number: u64) -> AccountEvent {
    let (amount, reference) = (amount(number), reference(number));
    if is_withdrawal(number) {
        AccountEvent::Withdrawn { amount, reference }
    } else {
        AccountEvent::Deposited { amount, reference }
    }
}

struct Eventually {
    store: EventStore<String, AccountEvent>,
    accounts: Repository<Accounts, EventStore<String, AccountEvent>>,
}

impl Default for Eventually {
    fn default() -> Self {
        let store = EventStore::default();
        Self { accounts: Repository::new(AggregateRootBuilder::from(Accounts), store.clone()), store }
    }
}

impl Clone for Eventually {
    fn clone(&self) -> Self {
        // The store's clones are the same store; a repository is each client's own.
        let accounts = Repository::new(AggregateRootBuilder::from(Accounts), self.store.clone());
        Self { store: self.store.clone(), accounts }
    }
}

impl Peer for Eventually {
    async fn execute(&mut self, number: u64, event: u64) -> Done {
        let mut root = self.accounts.get(account(number)).await?;
        root.handle(command(event)).await?;
        self.accounts.add(root).await?;
        Ok(())
    }

    async fn append(&mut self, number: u64, events: Range<u64>) -> Done {
        self.store.append(account(number), Expected::Any, events.map(event).collect()).await?;
        Ok(())
    }

    async fn load(&mut self, number: u64) -> Done<u64> {
        Ok(self.accounts.get(account(number)).await?.state().count)
    }
}
