//! A command goes to an aggregate that lists it.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

async fn decrease(store: MemoryStore, accounts: Repository<Account, MemoryStore>) -> Result<(), BoxError> {
    let mut unit = UnitOfWork::new(&store);
    unit.execute(&accounts, "alice", Decrease { by: 1 }).await?;
    unit.commit().await?;
    Ok(())
}

fn main() {}
