//! Measures es beside the same work by hand: `cargo bench -p es-benches`.
//!
//! Each workload runs all its subjects in turn, several times, in one process, and compares within each turn. See
//! `docs/performance.md`.

mod account;
mod build;
mod child;
mod domain;
mod failure;
mod growth;
mod history;
mod journal;
mod latency;
mod machine;
mod measure;
mod memory;
mod plot;
mod postgres;
mod report;
mod sqlite;
mod unit;
mod view;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use measure::Effort;
use report::{Failure, Report};
use sqlite::Place;

const USAGE: &str = "cargo bench -p es-benches -- [quick] [largest=EVENTS] [workload ..]

quick      smaller workloads and 3 repetitions: about 2 minutes on a quiet machine
largest    the largest journal: 10000000 unless said otherwise, 100000 if quick
workload   those whose names begin with it: memory, sqlite, postgres, build, sqlite/replay; all unless said otherwise,
           but build not if quick";

fn main() -> ExitCode {
    failure::keep();
    if child::is_one() {
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some((effort, wanted)) = read(&arguments) else {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    };
    let target = PathBuf::from(std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "../target".to_owned()));
    match measure_all(&target.join("es-benches"), effort, &wanted) {
        Ok(failures) if failures.is_empty() => ExitCode::SUCCESS,
        Ok(failures) => {
            for Failure { workload, error } in failures {
                eprintln!("{workload} failed: {error}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What is to be measured how; `None` for those who ask what there is.
fn read(arguments: &[String]) -> Option<(Effort, Vec<&str>)> {
    if arguments.iter().any(|argument| argument.starts_with('-') || argument == "help") {
        return None;
    }
    let mut effort = if arguments.iter().any(|argument| argument == "quick") {
        let (slice, patience) = (Duration::from_millis(200), Duration::from_millis(200));
        Effort { repetitions: 3, slice, patience, divisor: 4, largest: 100_000, prior: &[0, 10_000] }
    } else {
        let (slice, patience) = (Duration::from_secs(1), Duration::from_secs(10));
        Effort { repetitions: 5, slice, patience, divisor: 1, largest: 10_000_000, prior: &[0, 100, 1_000, 10_000] }
    };
    let mut wanted = Vec::new();
    for argument in arguments.iter().filter(|argument| *argument != "quick") {
        match argument.strip_prefix("largest=") {
            Some(events) => effort.largest = events.parse().ok().filter(|events| *events >= 10_000)?,
            None => wanted.push(argument.as_str()),
        }
    }
    Some((effort, wanted))
}

/// Runs what is wanted, and writes the results. What fails does not keep the rest from running.
fn measure_all(results: &Path, effort: Effort, wanted: &[&str]) -> std::io::Result<Vec<Failure>> {
    std::fs::create_dir_all(results)?;
    let folder = tempfile::Builder::new().prefix("run-").tempdir_in(results)?;
    // They live as long as the program does.
    let place: &'static Place = Box::leak(Box::new(Place::new(folder)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let runtime: &'static tokio::runtime::Runtime = Box::leak(Box::new(runtime));
    let mut report =
        Report { machine: machine::Facts::find(place.folder()), figures: Vec::new(), failures: Vec::new() };
    let sqlite = format!("SQLite {} with journal_mode=WAL, synchronous=FULL", rusqlite::version());
    report.machine.databases.push(sqlite);
    println!("{}", serde_json::to_string_pretty(&report.machine)?);
    let makers = memory::makers(runtime, effort).into_iter().chain(sqlite::makers(runtime, place, effort));
    let makers = makers.chain(postgres::makers(runtime, place, effort)).chain(build::makers(place, effort));
    let is_wanted = |name: &str| match wanted {
        // They take a minute each.
        [] => !(effort.divisor > 1 && name.starts_with("build")),
        wanted => wanted.iter().any(|wanted| name.starts_with(wanted)),
    };
    for (name, make) in makers.filter(|(name, _)| is_wanted(name)) {
        let started = Instant::now();
        let mut failed = |error| {
            eprintln!("  {name} failed: {error}");
            report.failures.push(Failure { workload: name.to_owned(), error });
        };
        match failure::catch(make) {
            Ok(workloads) => {
                for workload in workloads {
                    println!("\n{}", workload.what);
                    match failure::catch(|| measure::run(workload, effort)) {
                        Ok(figures) => {
                            for figures in &figures {
                                println!("  {}", report::line(figures));
                            }
                            report.figures.extend(figures);
                        }
                        Err(error) => failed(error),
                    }
                }
            }
            Err(error) => failed(error),
        }
        println!("  [{name} took {:.1} s]", started.elapsed().as_secs_f64());
    }
    report.machine.databases.extend(postgres::facts());
    report.write(results)?;
    std::fs::remove_dir_all(place.folder())?;
    println!("\nwritten to {}", results.display());
    Ok(report.failures)
}
