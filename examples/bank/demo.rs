//! The demonstration: four commands, what became of them, and what the journal knows of it afterwards.

use std::io::{self, Write};
use std::path::Path;

use es_core::prelude::*;
use es_sqlite::SqliteStore;

use crate::account::{Account, AccountCommand, Decrease, Increase};

/// Runs it in a new file, which stays, so that it does the same each time and touches nobody's accounts.
pub async fn run() -> Result<(), BoxError> {
    let folder = tempfile::Builder::new().prefix("bank-demo-").tempdir()?.keep();
    let file = folder.join("bank.db");
    execute(&file).await?;
    look_back(&file).await?;
    let mut out = io::stdout();
    writeln!(out, "\nThe journal stays in {}", file.display())?;
    writeln!(out, "Accounts of your own, in ./bank.db: cargo run --example bank -- increase alice 100")?;
    writeln!(out, "All there is to do:                 cargo run --example bank -- --help")?;
    Ok(())
}

/// Executes the commands, and prints a line for each.
async fn execute(file: &Path) -> Result<(), BoxError> {
    let store = SqliteStore::open(file).await?;
    let accounts = Repository::<Account, _>::new(&store);
    let commands: [AccountCommand; 4] = [
        Increase { by: 100 }.into(),
        Decrease { by: 30 }.into(),
        Decrease { by: 100 }.into(),
        Increase { by: 2000 }.into(),
    ];
    let mut out = io::stdout();
    let mut row = |command: &str, outcome: &str, state: &str| writeln!(out, "{command:<18} {outcome:<43} {state}");
    row("Command", "Outcome", "State")?;
    for command in commands {
        let shown = command.to_string();
        match accounts.execute("alice", command).actor("teller-7").await {
            Ok(outcome) => {
                let events: Vec<_> = outcome.events.iter().map(|event| format!("event {event}")).collect();
                row(&shown, &events.join(", "), &format!("balance {}", outcome.state.balance))?;
            }
            Err(ExecuteError::Rejected(error)) => row(&shown, &format!("error: {error}"), "unchanged")?,
            Err(error) => return Err(error.into()),
        }
    }
    store.close().await;
    Ok(())
}

/// Opens the file anew, and prints what it knows.
async fn look_back(file: &Path) -> Result<(), BoxError> {
    let store = SqliteStore::open(file).await?;
    let accounts = Repository::<Account, _>::new(&store);
    let mut out = io::stdout();

    writeln!(out, "\nThe audit log of alice")?;
    let history = accounts.history("alice").await?;
    for Recorded { version, recorded_at, event, metadata, .. } in &history {
        let actor = metadata.actor.as_deref().unwrap_or("unknown");
        writeln!(out, "#{version}  {recorded_at}  {event}, by {actor}")?;
    }

    writeln!(out, "\nThe balance as it was")?;
    for Recorded { version, .. } in &history {
        let loaded = accounts.load("alice").at_version(*version).await?;
        writeln!(out, "after #{version}  {}", loaded.state.balance)?;
    }
    store.close().await;
    Ok(())
}
