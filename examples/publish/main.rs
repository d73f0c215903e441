//! What the bank of the example `bank` tells others: each change of a balance, as a `CloudEvent`, a line each.
//!
//! `cargo run --example publish` shows it on a bank of its own; `cargo run --example publish -- bank.db` publishes what is
//! new in the journal of a bank since the last time.
#![allow(unreachable_pub, reason = "a program has no outside")]

#[path = "../bank/account.rs"]
#[allow(dead_code, reason = "what the bank rejects is not published")]
mod account;
mod news;

use std::path::PathBuf;
use std::process::ExitCode;

use account::{Account, Decrease, Increase};
use clap::Parser;
use es_core::prelude::*;
use es_sqlite::SqliteStore;
use news::BankNews;

const EXAMPLES: &str = "\
Examples (`publish` stands for `cargo run --example publish --`):
  publish          show it on a bank of its own, in memory
  publish bank.db  publish what is new in a journal of the example `bank`";

/// Publishes changes of balances, each as a `CloudEvent` in a line of JSON, on the standard output.
///
/// What was published is noted in the file of the journal, so that the next time goes on after it.
#[derive(Parser, Debug)]
#[command(name = "publish", after_help = EXAMPLES)]
struct Args {
    /// The file of the journal; without one, a bank in memory
    #[arg(value_name = "JOURNAL")]
    journal: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let published = match Args::parse().journal {
        Some(file) => of(&file).await,
        None => demo().await,
    };
    match published {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Publishes what is new in a journal.
async fn of(file: &std::path::Path) -> Result<(), BoxError> {
    let store = SqliteStore::builder().create(false).open(file).await?;
    let position = Relay::from_start(&store, &store, BankNews, JsonLines::stdout()).run_to_head().await?;
    eprintln!("all up to position {position} is published");
    store.close().await;
    Ok(())
}

/// Publishes what happens meanwhile.
async fn demo() -> Result<(), BoxError> {
    let store = SqliteStore::open_in_memory().await?;
    let accounts = Repository::<Account, _>::new(&store);
    let news = Relay::from_start(&store, &store, BankNews, JsonLines::stdout()).spawn();
    accounts.execute("alice", Increase { by: 100 }).await?;
    accounts.execute("alice", Decrease { by: 30 }).await?;
    let outcome = accounts.execute("bob", Increase { by: 900 }).await?;
    news.wait_for(outcome.position).await?;
    let status = news.status();
    eprintln!("{}: {} messages sent, all up to position {}", status.name, status.sent, status.position);
    news.stop().await?;
    store.close().await;
    Ok(())
}
