//! Importing a log: each line becomes a command, and many lines one append.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use es_core::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};

use crate::application::{NoteIrregularity, Rule};
use crate::bank::{Bank, Reached};
use crate::line::Line;
use crate::log::{Log, Numbered, Source};
use crate::origin::{LINE, TIME};

/// How many lines are written together: the most that an append takes.
const BATCH: usize = 1_000;
/// How many of the lines that cannot be read are shown.
const SHOWN: u64 = 50;

/// What an import did.
#[derive(Debug, Default)]
pub struct Imported {
    /// How many lines it has written.
    pub lines: u64,
    /// After which line it went on.
    pub after: u64,
    /// How many lines of the whole log cannot be read.
    pub unreadable: u64,
}

/// Imports what is not in the journal yet, and brings the read models up to it.
pub async fn import(source: &Source, bank: &Bank) -> Result<Imported, BoxError> {
    let bar = progress_bar(source);
    let mut log = source.open(&bar)?;
    let reached = bank.reached().await?;
    let mut imported = Imported { after: reached.line, ..Imported::default() };
    pass_over(&mut log, &reached, bank, &bar, &mut imported)?;
    let result = write(&mut log, bank, &bar, &mut imported).await;
    bar.finish_and_clear();
    result?;
    Ok(imported)
}

/// Reads the lines that are in the journal, and checks that they are the same.
fn pass_over(
    log: &mut Log,
    reached: &Reached,
    bank: &Bank,
    bar: &ProgressBar,
    imported: &mut Imported,
) -> Result<(), BoxError> {
    if reached.line == 0 {
        return Ok(());
    }
    while let Some(Numbered { number, id, line }) = log.next()? {
        if let Err(error) = line {
            imported.show(number, &error, bar)?;
        }
        if number == reached.line && id.to_string() == reached.id {
            return Ok(());
        }
        if number >= reached.line {
            break;
        }
    }
    let file = bank.file().display();
    let what = format!("{file} has another log: its first {} lines are not those of this one", reached.line);
    Err(format!("{what}; choose another file with `--db`, or throw it away with `--fresh`").into())
}

async fn write(log: &mut Log, bank: &Bank, bar: &ProgressBar, imported: &mut Imported) -> Result<(), BoxError> {
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH
            && let Some(Numbered { number, id, line }) = log.next()?
        {
            match line {
                Ok(line) => batch.push((number, id, line)),
                Err(error) => imported.show(number, &error, bar)?,
            }
        }
        if batch.is_empty() {
            return Ok(());
        }
        write_batch(bank, &batch).await?;
        imported.lines += batch.len() as u64;
    }
}

/// Executes the commands of some lines in one unit of work, which is one append.
///
/// The id of the unit's command is that of its last line, so that no batch is written twice, whoever tries.
async fn write_batch(bank: &Bank, batch: &[(u64, CausationId, Line)]) -> Result<(), BoxError> {
    let Some((_, last, _)) = batch.last() else { return Ok(()) };
    // Where another program imports the same log at the same time, each batch is won by one of them.
    let patient = Retry { attempts: 200, longest_wait: Duration::from_millis(50), ..Retry::default() };
    let unit = UnitOfWork::new(&bank.store).retry(patient).command_id(CommandId::from_uuid(last.as_uuid()));
    let work = unit.run(async |unit| {
        for (number, id, line) in batch {
            execute(bank, unit, *number, *id, line).await?;
            if unit.is_repeated() {
                break;
            }
        }
        Ok::<_, ExecuteError<Rule>>(())
    });
    work.await?;
    Ok(())
}

/// Executes the command of a line. One that breaks a rule is noted: it has happened, whether or not it was allowed.
async fn execute(
    bank: &Bank,
    unit: &mut UnitOfWork<es_sqlite::SqliteStore>,
    number: u64,
    id: CausationId,
    line: &Line,
) -> Result<(), ExecuteError<Rule>> {
    let Line { application, activity, transition, command, clerk, time } = line;
    let mut command = unit.execute(&bank.applications, application.as_str(), command.clone());
    if let Some(clerk) = clerk {
        command = command.actor(clerk);
    }
    let rule = match command.causation_id(id).metadata(LINE, number.to_string()).metadata(TIME, time).await {
        Ok(_) => return Ok(()),
        Err(ExecuteError::Rejected(rule)) => rule,
        Err(error) => return Err(error),
    };
    let note = NoteIrregularity { activity: activity.clone(), transition: transition.to_string(), rule };
    let mut note = unit.execute(&bank.applications, application.as_str(), note);
    if let Some(clerk) = clerk {
        note = note.actor(clerk);
    }
    note.causation_id(id).metadata(LINE, number.to_string()).metadata(TIME, time).await?;
    Ok(())
}

impl Imported {
    /// Counts and shows a line that cannot be read.
    fn show(&mut self, number: u64, error: &dyn std::fmt::Display, bar: &ProgressBar) -> io::Result<()> {
        self.unreadable += 1;
        if self.unreadable > SHOWN {
            return Ok(());
        }
        let rest = if self.unreadable == SHOWN { " (no more of these are shown)" } else { "" };
        bar.suspend(|| writeln!(io::stderr(), "line {number}: {error}{rest}"))
    }
}

fn progress_bar(source: &Source) -> ProgressBar {
    let bytes = source.bytes();
    if bytes == 0 || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    let template = "{bar:40} {percent:>3}%  {bytes} of {total_bytes}, {eta} left  {wide_msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, after, unreadable } = self;
        match (lines, after) {
            (0, 0) => f.write_str("there is no line to import")?,
            (0, _) => f.write_str("all lines were imported before")?,
            (_, 0) => write!(f, "{lines} lines imported")?,
            _ => write!(f, "{lines} lines imported, after line {after}, where an import had ended before")?,
        }
        if *unreadable > 0 {
            write!(f, "; {unreadable} cannot be read")?;
        }
        Ok(())
    }
}
