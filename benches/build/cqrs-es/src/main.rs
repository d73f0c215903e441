//! The same program on cqrs-es: an account in memory.
#![allow(dead_code, reason = "withdrawals are declared and not made, as beside it")]

mod account;

use account::{Account, Command};
use cqrs_es::CqrsFramework;
use cqrs_es::mem_store::MemStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let accounts = CqrsFramework::new(MemStore::<Account>::default(), vec![], ());
    accounts.execute("a", Command::Deposit { amount: 1, reference: "r".to_owned() }).await?;
    Ok(())
}
