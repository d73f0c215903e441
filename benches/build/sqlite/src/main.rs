//! The least program on es and SQLite: an account in a file.

#[path = "../../memory/src/account.rs"]
mod account;

use account::{Account, Deposit};
use es_core::prelude::*;
use es_sqlite::SqliteStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = SqliteStore::open("accounts.db").await?;
    let accounts = Repository::<Account, _>::new(&store);
    let done = accounts.execute("a", Deposit { amount: 1, reference: "r".to_owned() }).await?;
    println!("{}", done.state.balance);
    Ok(())
}
