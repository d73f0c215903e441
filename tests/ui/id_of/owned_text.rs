//! An aggregate is named by its own type of ids.

#[path = "../typed_id.rs"]
mod typed_id;

use es_core::prelude::*;
use typed_id::*;

async fn balance(accounts: Repository<Account, MemoryStore>, account: String) -> Result<(), BoxError> {
    accounts.load(&account).await?;
    Ok(())
}

fn main() {}
