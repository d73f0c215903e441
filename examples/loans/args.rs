//! The command line.

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::log::Source;

const EXAMPLES: &str = "\
Examples (`loans` stands for `cargo run --release --example loans --`):
  loans                        import the sample that is in the program, and report
  loans loan-events.csv.gz     import a log, or go on where an import was killed, and report
  loans loan-events.csv.gz --report     only report what is imported
  loans loan-events.csv.gz --irregular  list the lines that break a rule";

/// Imports the event log of a bank's loan applications, and reports what happened.
///
/// Each line becomes a command for a loan application. A line that breaks a rule is noted as an irregularity, and the
/// rest go on. The log is CSV, plain or compressed by gzip, with the header
/// application,amount,activity,transition,resource,time. An import that is killed goes on where it was when it is
/// started again, and so does that of a log that has grown meanwhile.
#[derive(Parser, Debug)]
#[command(name = "loans", after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// The log; without one, a small sample
    #[arg(value_name = "LOG")]
    log: Option<PathBuf>,
    /// The file of the journal and the read models [default: the log's name with .db, in this folder]
    #[arg(long, value_name = "PATH")]
    db: Option<PathBuf>,
    /// Only report what is imported
    #[arg(long)]
    pub report: bool,
    /// List each line that breaks a rule, in place of the report
    #[arg(long, conflicts_with = "report")]
    pub irregular: bool,
    /// Delete the file of the journal first, and import all anew
    #[arg(long, conflicts_with_all = ["report", "irregular"])]
    pub fresh: bool,
    /// Draw with plain ASCII characters
    #[arg(long)]
    pub ascii: bool,
}

impl Args {
    /// The log.
    pub fn source(&self) -> Source {
        self.log.clone().map_or(Source::Sample, Source::File)
    }

    /// The file of the journal.
    pub fn db(&self) -> PathBuf {
        self.db.clone().unwrap_or_else(|| match &self.log {
            None => PathBuf::from("loans-sample.db"),
            Some(log) => PathBuf::from(format!("{}.db", stem(log))),
        })
    }
}

/// The name of a log without what says its format.
fn stem(log: &Path) -> String {
    let name = log.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = stem.strip_suffix(".csv").unwrap_or(stem);
    if stem.is_empty() { "loans".to_owned() } else { stem.to_owned() }
}
