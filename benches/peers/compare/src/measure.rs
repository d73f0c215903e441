//! Who runs a workload does it in turn, so that all see the same machine.

use std::path::Path;
use std::time::Duration;

use es_postgres_server::Server;

use crate::Done;
use crate::figures::{Figures, median};
use crate::machine;
use crate::program::{Answer, Program, Running, Work};
use crate::report;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) repetitions: usize,
    /// How long one repetition may wait for a quiet machine.
    pub(crate) patience: Duration,
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

/// Runs all that is wanted, in the order in which es lists it.
pub(crate) fn all(
    programs: &[Program],
    is_wanted: impl Fn(&str) -> bool,
    folder: &Path,
    effort: Effort,
) -> Done<Vec<Figures>> {
    let mut figures = Vec::new();
    let es = programs.first().map_or(&[][..], |es| &es.works);
    for Work { workload, what, .. } in es.iter().filter(|work| is_wanted(&work.workload)) {
        let subjects: Vec<_> = subjects(programs, workload, what).collect();
        if subjects.len() == 1 && programs.len() > 1 {
            // No peer runs it.
            continue;
        }
        println!("\n{workload}: {what}");
        for found in run(programs, subjects, folder, effort)? {
            println!("  {}", report::line(&found));
            figures.push(found);
        }
    }
    Ok(figures)
}

fn subjects<'a>(programs: &'a [Program], workload: &'a str, what: &'a str) -> impl Iterator<Item = Subject> + 'a {
    programs.iter().enumerate().flat_map(move |(program, of)| {
        let works = of.works.iter().enumerate().filter(move |(_, work)| work.workload == workload && work.what == what);
        works.map(move |(index, work)| Subject { work: work.clone(), program, index, answers: Vec::new(), error: None })
    })
}

fn run(programs: &[Program], mut subjects: Vec<Subject>, folder: &Path, effort: Effort) -> Done<Vec<Figures>> {
    let folder = tempfile::Builder::new().prefix("run-").tempdir_in(folder)?;
    let mut databases = Vec::new();
    // One of each program. What a subject keeps for its next repetition is gone with it.
    let mut running: Vec<Option<Running>> = Vec::new();
    for (number, program) in programs.iter().enumerate() {
        let Some(subject) = subjects.iter().find(|subject| subject.program == number) else {
            running.push(None);
            continue;
        };
        let database = subject.work.workload.starts_with("postgres").then(|| Server::shared().database());
        let place = folder.path().join(&program.name);
        std::fs::create_dir_all(&place)?;
        running.push(Some(program.start(&place, database.as_ref().map(es_postgres_server::Database::url).as_deref())?));
        databases.extend(database);
    }
    let mut quiet = 0;
    for _ in 0..effort.repetitions {
        let before = machine::wait_for_quiet(effort.patience);
        for subject in subjects.iter_mut().filter(|subject| subject.error.is_none()) {
            let Some(program) = &mut running[subject.program] else { continue };
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
