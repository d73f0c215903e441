//! The command line.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand, value_parser};
use es_core::Timestamp;

const EXAMPLES: &str = "\
Examples (`bank` stands for `cargo run --example bank --`):
  bank                                     show what it is about, in a journal of its own
  bank increase alice 100                  pay 100 in
  bank decrease alice 30 --actor teller-7  take 30 out, and record who did it
  bank transfer alice bob 20               both accounts change, or none
  bank show alice                          what is in the account
  bank show alice --at-version 1           what was in it after its first event
  bank show alice --as-of 2026-01-31T18:00:00Z
  bank history alice                       who did what when
  bank apply payments.csv                  many changes from a file";

/// Keeps bank accounts as the sequence of the events that happened to them.
///
/// Without a command it shows what it is about, in a journal of its own.
#[derive(Parser, Debug)]
#[command(name = "bank", after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct Args {
    /// The file of the journal; the first change creates it [default: bank.db]
    #[arg(long, global = true, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Who asks for the change [default: your login name]
    #[arg(long, global = true, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    actor: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Pay money in
    Increase(Change),
    /// Take money out
    Decrease(Change),
    /// Take money out of one account and pay it into another: both happen or none
    Transfer {
        /// The account that the money is taken from
        from: String,
        /// The account that it is paid into
        to: String,
        /// How much, from 1
        #[arg(value_parser = value_parser!(u64).range(1..))]
        amount: u64,
    },
    /// Show what is in an account, or was
    Show {
        /// The account
        account: String,
        /// After its event N; 0 is before the first
        #[arg(long, value_name = "N", conflicts_with = "as_of")]
        at_version: Option<u64>,
        /// At a time, such as 2026-01-31T18:00:00Z
        #[arg(long, value_name = "TIME")]
        as_of: Option<Timestamp>,
    },
    /// Show who did what to an account when, and the balance after it
    History {
        /// The account
        account: String,
    },
    /// Make the changes that a CSV file lists
    ///
    /// Each line is `account,increase|decrease,amount`; a first line `account,..,amount` is a header, blank lines
    /// are passed over. The lines are applied in order. One that cannot be read or is rejected is reported with its
    /// number, and the rest go on; the exit code is 1 then.
    Apply {
        /// The CSV file
        #[arg(value_name = "FILE")]
        csv: PathBuf,
    },
}

/// A change of one account.
#[derive(clap::Args, Debug)]
pub struct Change {
    /// The account; its first change opens it
    pub account: String,
    /// How much, from 1
    #[arg(value_parser = value_parser!(u64).range(1..))]
    pub amount: u64,
}

/// A command, and what it is to be done with.
pub struct Job {
    /// What to do.
    pub command: Command,
    /// The file of the journal.
    pub file: PathBuf,
    /// Who asks.
    pub actor: String,
}

/// Reads the command line: `None` asks for the demonstration.
///
/// Ends the program when it cannot be read, or asks for help.
pub fn read() -> Option<Job> {
    let Args { file, actor, command } = Args::parse();
    let Some(command) = command else {
        if file.is_some() || actor.is_some() {
            let message = "--file and --actor go with a command, such as `show alice`";
            Args::command().error(ErrorKind::MissingSubcommand, message).exit();
        }
        return None;
    };
    let login_name = || whoami::username().unwrap_or_else(|_| "unknown".to_owned());
    Some(Job {
        command,
        file: file.unwrap_or_else(|| PathBuf::from("bank.db")),
        actor: actor.unwrap_or_else(login_name),
    })
}
