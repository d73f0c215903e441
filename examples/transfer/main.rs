//! Transfers between accounts, as a process: the first step takes the money, the second one pays it in, and when that is
//! refused it is paid back. A large transfer waits for its receiver, for a minute.
//!
//! `cargo run --example transfer` shows five transfers and what became of them.
#![allow(unreachable_pub, reason = "a program has no outside")]

mod account;
mod process;
mod transfer;

use std::io::{self, Write};
use std::sync::Arc;

use account::{Account, Deposit};
use clap::Parser;
use es_core::prelude::*;
use es_sqlite::SqliteStore;
use process::{CONFIRM_WITHIN, Transfers};
use transfer::{Confirm, Request, Transfer, TransferEvent};

/// Transfers money between accounts as a process: takes it, pays it in, and pays it back when that is refused.
///
/// It shows five transfers and what became of them, in a journal of its own whose file it names at the end.
#[derive(Parser, Debug)]
#[command(name = "transfer")]
struct Args {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    Args::parse();
    // A clock that is set by hand, so that nobody has to wait for a minute.
    let clock = Arc::new(ManualClock::at("2026-01-01T09:00:00Z".parse()?));
    let file = tempfile::Builder::new().prefix("transfer-").tempdir()?.keep().join("bank.db");
    let store = SqliteStore::builder().clock(Arc::clone(&clock) as _).open(&file).await?;
    let accounts = Repository::<Account, _>::new(&store);
    let transfers = Repository::<Transfer, _>::new(&store);
    // In a program that serves others: `Reactor::from_start(..).spawn()`.
    let mut process = Reactor::from_start(&store, &store, Transfers).repository(&accounts).repository(&transfers);
    let mut out = io::stdout();

    for (account, amount) in [("alice", 1_000), ("bob", 950), ("erin", 900)] {
        accounts.execute(account, Deposit { amount }).await?;
        writeln!(out, "{account} pays in {amount}")?;
    }
    let requests = [
        ("t-1", "alice", "bob", 30),
        ("t-2", "alice", "bob", 100),
        ("t-3", "carol", "bob", 10),
        ("t-4", "alice", "carol", 600),
        ("t-5", "erin", "dave", 700),
    ];
    for (id, from, to, amount) in requests {
        transfers.execute(id, Request { from: from.into(), to: to.into(), amount }).await?;
        writeln!(out, "{id}: {amount} from {from} to {to}")?;
    }
    process.run_until_idle().await?;
    transfers.execute("t-5", Confirm).actor("dave").await?;
    writeln!(out, "dave confirms t-5")?;
    process.run_until_idle().await?;
    clock.advance(CONFIRM_WITHIN);
    writeln!(out, "a minute goes by")?;
    process.run_until_idle().await?;

    writeln!(out, "\nWhat became of them")?;
    for (id, ..) in requests {
        let history = transfers.history(id).await?;
        let steps: Vec<_> = history.iter().map(|recorded| shown(&recorded.event)).collect();
        writeln!(out, "{id}  {}", steps.join(", "))?;
    }
    writeln!(out, "\nThe accounts")?;
    for account in ["alice", "bob", "carol", "dave", "erin"] {
        writeln!(out, "{account:<6} {:>4}", accounts.load(account).await?.state.balance)?;
    }
    store.close().await;
    writeln!(out, "\nThe journal stays in {}", file.display())?;
    writeln!(out, "Each step: sqlite3 {} 'select * from journal'", file.display())?;
    Ok(())
}

/// A step, as a person reads it.
fn shown(event: &TransferEvent) -> String {
    match event {
        TransferEvent::Requested(_) => "requested".to_owned(),
        TransferEvent::Taken(_) => "taken".to_owned(),
        TransferEvent::Confirmed(_) => "confirmed".to_owned(),
        TransferEvent::Completed(_) => "completed".to_owned(),
        TransferEvent::Declined(declined) => format!("declined ({})", declined.reason),
        TransferEvent::GivenUp(given_up) => format!("given up ({})", given_up.reason),
        TransferEvent::Refunded(_) => "refunded".to_owned(),
    }
}
