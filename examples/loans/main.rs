//! A bank's loan applications, made of a real event log: each line becomes a command, each command an event, and the
//! events three read models and a report.
//!
//! `cargo run --release --example loans -- loan-events.csv.gz` imports a log; `-- --help` says what else it does.
#![allow(unreachable_pub, reason = "a program has no outside")]

mod activity;
mod application;
mod args;
mod bank;
mod import;
mod line;
mod log;
mod origin;
mod report;
mod views;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use es_core::BoxError;

use args::Args;
use bank::Bank;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
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

/// Does what the command line says; gives whether all lines that it has read could be.
async fn run(args: &Args) -> Result<bool, BoxError> {
    let file = args.db();
    let imports = !args.report && !args.irregular;
    if imports {
        // A log that cannot be read makes no file, and throws none away.
        args.source().open(&indicatif::ProgressBar::hidden())?;
    }
    if args.fresh {
        Bank::delete(&file).await?;
    }
    let bank = Bank::open(&file, imports).await?;
    let result = work(args, &bank, imports).await;
    // Between two runs the journal is that one file, with none beside it but locks.
    bank.store.close().await;
    result
}

async fn work(args: &Args, bank: &Bank, imports: bool) -> Result<bool, BoxError> {
    let mut unreadable = 0;
    if imports {
        let imported = import::import(&args.source(), bank).await?;
        eprintln!("{imported}");
        unreadable = imported.unreadable;
    }
    // Also without an import: one that was killed may have left them behind.
    bank.bring_views_up_to_date().await?;
    if args.irregular {
        report::list_irregular(bank).await?;
    } else {
        report::print(bank, args.ascii).await?;
    }
    Ok(unreadable == 0)
}

fn is_broken_pipe(error: &BoxError) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
