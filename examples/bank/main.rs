//! A bank whose accounts are kept as the sequence of their events.
//!
//! `cargo run --example bank` shows what it is about; `cargo run --example bank -- --help` says what else it does.
#![allow(unreachable_pub, reason = "a program has no outside")]

mod account;
mod apply;
mod args;
mod bank;
mod demo;
mod line;

use std::io;
use std::process::ExitCode;

use account::{Decrease, Increase};
use apply::Changes;
use args::{Change, Command, Job};
use bank::{Bank, When};
use es_core::BoxError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match args::read() {
        Some(job) => run(job).await,
        None => demo::run().await.map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever reads the output has seen enough of it, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the command says; gives whether all of it could be done.
async fn run(Job { command, file, actor }: Job) -> Result<bool, BoxError> {
    match command {
        Command::Increase(Change { account, amount }) => {
            let bank = Bank::open(&file, actor).await?;
            bank.close_after(bank.execute(&account, Increase { by: amount })).await?;
        }
        Command::Decrease(Change { account, amount }) => {
            let bank = Bank::open(&file, actor).await?;
            bank.close_after(bank.execute(&account, Decrease { by: amount })).await?;
        }
        Command::Transfer { from, to, amount } => {
            let bank = Bank::open(&file, actor).await?;
            bank.close_after(bank.transfer(&from, &to, amount)).await?;
        }
        Command::Show { account, at_version, as_of } => {
            let when = match (at_version, as_of) {
                (Some(version), _) => When::Version(version),
                (None, Some(time)) => When::Time(time),
                (None, None) => When::Now,
            };
            let bank = Bank::open_existing(&file, actor).await?;
            bank.close_after(bank.show(&account, when)).await?;
        }
        Command::History { account } => {
            let bank = Bank::open_existing(&file, actor).await?;
            bank.close_after(bank.history(&account)).await?;
        }
        Command::Apply { csv } => {
            let changes = Changes::open(&csv)?;
            let bank = Bank::open(&file, actor).await?;
            return bank.close_after(changes.apply(&bank)).await;
        }
    }
    Ok(true)
}

fn is_broken_pipe(error: &BoxError) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
