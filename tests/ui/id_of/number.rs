//! An aggregate is named by a text where it has no type of ids.

#[path = "../bank.rs"]
mod bank;

use bank::*;
use es_core::prelude::*;

async fn increase(accounts: Repository<Account, MemoryStore>) -> Result<(), BoxError> {
    accounts.execute(7, Increase { by: 1 }).await?;
    Ok(())
}

fn main() {}
