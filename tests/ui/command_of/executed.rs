//! A command goes to an aggregate that lists it.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

async fn decrease(accounts: Repository<Account, MemoryStore>) -> Result<(), BoxError> {
    accounts.execute("alice", Decrease { by: 1 }).await?;
    Ok(())
}

fn main() {}
