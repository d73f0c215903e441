//! The least program on es: an account in memory.

mod account;

use account::{Account, Deposit};
use es_core::prelude::*;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let accounts = Repository::<Account, _>::new(&MemoryStore::new());
    let done = accounts.execute("a", Deposit { amount: 1, reference: "r".to_owned() }).await?;
    println!("{}", done.state.balance);
    Ok(())
}
