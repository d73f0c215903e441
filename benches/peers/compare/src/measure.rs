//! Who runs a workload does it in turn, so that all see the same machine.

use std::path::Path;
use std::time::{Duration, Instant};

use es_postgres_server::Database;

use crate::Done;
use crate::figures::{Figures, median};
use crate::machine;
use crate::postgres::Postgres;
use crate::program::{Answer, Program, Running, Work};
use crate::report::{self, Report};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) repetitions: usize,
    /// How long one repetition may wait for a quiet machine.
    pub(crate) patience: Duration,
    /// How long one repetition may take, the filling of the store included.
    pub(crate) longest: Duration,
    /// The workloads are smaller.
    pub(crate) quick: bool,
}

/// One library in a workload.
struct Subject {
    work: Work,
    /// Which of the programs, and which of its works.
    program: usize,
    index: usize,
    answers: Vec<Answer>,
    error: Option<String>,
}

/// Runs all that is wanted, in the order in which es lists it. The results are written after each workload: what ends a run
/// takes nothing with it.
pub(crate) fn all(
    programs: &[Program],
    is_wanted: impl Fn(&str) -> bool,
    folder: &Path,
    effort: Effort,
    report: &mut Report,
) -> Done {
    let postgres = Postgres::default();
    let es = programs.first().map_or(&[][..], |es| &es.works);
    for Work { workload, what, .. } in es.iter().filter(|work| is_wanted(&work.workload)) {
        let subjects: Vec<_> = subjects(programs, workload, what).collect();
        if subjects.len() == 1 && programs.len() > 1 {
            // No peer runs it.
            continue;
        }
        println!("\n{workload}: {what}");
        let started = Instant::now();
        for found in run(programs, subjects, &postgres, folder, effort)? {
            println!("  {}", report::line(&found));
            report.figures.push(found);
        }
        println!("  [{:.1} s]", started.elapsed().as_secs_f64());
        if workload.starts_with("postgres") && report.machine.databases.is_empty() {
            report.machine.databases.extend(postgres.facts());
        }
        report.write(folder)?;
    }
    Ok(())
}

fn subjects<'a>(programs: &'a [Program], workload: &'a str, what: &'a str) -> impl Iterator<Item = Subject> + 'a {
    programs.iter().enumerate().flat_map(move |(program, of)| {
        let works = of.works.iter().enumerate().filter(move |(_, work)| work.workload == workload && work.what == what);
        works.map(move |(index, work)| Subject { work: work.clone(), program, index, answers: Vec::new(), error: None })
    })
}

fn run(
    programs: &[Program],
    mut subjects: Vec<Subject>,
    postgres: &Postgres,
    folder: &Path,
    effort: Effort,
) -> Done<Vec<Figures>> {
    let folder = tempfile::Builder::new().prefix("run-").tempdir_in(folder)?;
    // One of each program. What a subject keeps for its next repetition is gone with it.
    let mut running = Vec::new();
    for (number, program) in programs.iter().enumerate() {
        let mut own = subjects.iter_mut().filter(|subject| subject.program == number).peekable();
        let Some(first) = own.peek() else {
            running.push(None);
            continue;
        };
        let postgres = first.work.workload.starts_with("postgres").then_some(postgres);
        match start(program, postgres, &folder.path().join(&program.name)) {
            Ok(started) => running.push(Some(started)),
            Err(error) => {
                own.for_each(|subject| subject.error = Some(error.to_string()));
                running.push(None);
            }
        }
    }
    let mut quiet = 0;
    for _ in 0..effort.repetitions {
        let before = machine::wait_for_quiet(effort.patience);
        for subject in subjects.iter_mut().filter(|subject| subject.error.is_none()) {
            let Some((program, _)) = &mut running[subject.program] else { continue };
            match program.run(subject.index) {
                Ok(answer) => subject.answers.push(answer),
                Err(error) => subject.error = Some(error),
            }
        }
        quiet += usize::from(before && machine::is_quiet());
    }
    let es: Vec<f64> = subjects.first().map_or(Vec::new(), |es| rates(es).collect());
    Ok(subjects.iter().map(|subject| figures(subject, &es, quiet)).collect())
}

/// Starts a program. Its database is dropped after it has ended.
fn start(program: &Program, postgres: Option<&Postgres>, folder: &Path) -> Done<(Running, Option<Database>)> {
    let database = postgres.map(Postgres::database).transpose()?;
    std::fs::create_dir_all(folder)?;
    let started = program.start(folder, database.as_ref().map(Database::url).as_deref())?;
    Ok((started, database))
}

fn rates(subject: &Subject) -> impl Iterator<Item = f64> {
    subject.answers.iter().map(|answer| answer.rate)
}

fn figures(subject: &Subject, es: &[f64], quiet: usize) -> Figures {
    let Work { workload, what, subject: name } = subject.work.clone();
    Figures {
        workload,
        what,
        subject: name,
        median: median(rates(subject).collect()),
        least: rates(subject).fold(f64::INFINITY, f64::min),
        most: rates(subject).fold(0.0, f64::max),
        ratio: median(rates(subject).zip(es).map(|(rate, es)| rate / es).collect()),
        runs: subject.answers.len(),
        quiet,
        failed: subject.answers.iter().map(|answer| answer.failed).sum(),
        error: subject.error.clone(),
    }
}
