//! An aggregate is named by its own type of ids.

#[path = "../typed_id.rs"]
mod typed_id;

use es_core::prelude::*;
use typed_id::*;

async fn increase(accounts: Repository<Account, MemoryStore>) -> Result<(), BoxError> {
    accounts.execute("alice", Increase { by: 1 }).await?;
    Ok(())
}

fn main() {}
