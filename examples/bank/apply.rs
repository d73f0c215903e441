//! `apply`: the changes that a CSV file lists.

use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use es_core::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};

use crate::account::AccountError;
use crate::bank::Bank;
use crate::line::{Change, LineError, Lines};

/// How many lines are written together. More of them wait less for the disk, but more is to be done again when another
/// program changes one of their accounts meanwhile.
const BATCH: usize = 500;

/// Lines with their numbers.
type Batch = Vec<(u64, Result<Change, LineError>)>;

/// What became of the lines so far.
#[derive(Default)]
struct Summary {
    applied: u64,
    failed: u64,
    /// The last line that is dealt with.
    line: u64,
}

/// A CSV file that is open for reading.
pub struct Changes {
    lines: Lines<BufReader<File>>,
    name: String,
    bytes: u64,
}

impl Changes {
    /// Opens the file.
    pub fn open(path: &Path) -> Result<Self, BoxError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| format!("cannot read {name}: {error}"))?;
        let bytes = file.metadata().map_or(0, |metadata| metadata.len());
        Ok(Self { lines: Lines::new(BufReader::new(file)), name, bytes })
    }

    /// Applies all lines in order, reports those that fail, and prints a summary. Gives whether none failed.
    pub async fn apply(mut self, bank: &Bank) -> Result<bool, BoxError> {
        let bar = self.progress_bar();
        let mut summary = Summary::default();
        let result = self.apply_lines(bank, &bar, &mut summary).await;
        bar.finish_and_clear();
        let Summary { applied, failed, line } = summary;
        writeln!(io::stdout(), "{applied} applied, {failed} failed")?;
        result.map_err(|error| match line {
            0 => error,
            line => format!("{error} (after line {line}, up to which all is done)").into(),
        })?;
        Ok(failed == 0)
    }

    async fn apply_lines(&mut self, bank: &Bank, bar: &ProgressBar, summary: &mut Summary) -> Result<(), BoxError> {
        loop {
            let batch = self.next_batch().map_err(|error| format!("cannot read {}: {error}", self.name))?;
            let Some((last, _)) = batch.last() else { return Ok(()) };
            let failures = apply_batch(bank, &batch).await?;
            summary.line = *last;
            summary.failed += failures.len() as u64;
            summary.applied += (batch.len() - failures.len()) as u64;
            bar.suspend(|| report(&failures))?;
            bar.set_position(self.lines.bytes());
        }
    }

    fn next_batch(&mut self) -> io::Result<Batch> {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            match self.lines.next()? {
                Some(line) => batch.push(line),
                None => break,
            }
        }
        Ok(batch)
    }

    fn progress_bar(&self) -> ProgressBar {
        // A pipe has no length.
        if self.bytes == 0 || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(self.bytes);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3}%  {bytes} of {total_bytes}, {eta} left")
        {
            bar.set_style(style);
        }
        bar
    }
}

/// Executes the lines in one unit of work: one append, one wait for the disk. Gives those that failed, and why.
async fn apply_batch(bank: &Bank, batch: &Batch) -> Result<Vec<(u64, String)>, BoxError> {
    // Other programs that change the same accounts win often, being shorter.
    let patient = Retry { attempts: 200, longest_wait: Duration::from_millis(50), ..Retry::default() };
    let unit = bank.unit_of_work().retry(patient).command_id(CommandId::new());
    let work = unit.run(async |unit| {
        let mut failures = Vec::new();
        for (line, change) in batch {
            let Change { account, command } = match change {
                Ok(change) => change,
                Err(error) => {
                    failures.push((*line, error.to_string()));
                    continue;
                }
            };
            match unit.execute(bank.accounts(), account.as_str(), command.clone()).await {
                Ok(_) => {}
                Err(error @ (ExecuteError::Rejected(_) | ExecuteError::Id(_))) => {
                    failures.push((*line, error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok::<_, ExecuteError<AccountError>>(failures)
    });
    Ok(work.await?.0)
}

fn report(failures: &[(u64, String)]) -> io::Result<()> {
    let mut err = io::stderr().lock();
    for (line, why) in failures {
        writeln!(err, "line {line}: {why}")?;
    }
    Ok(())
}
