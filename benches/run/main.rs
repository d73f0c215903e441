//! Measures es beside the same work by hand: `cargo bench -p es-benches`.
//!
//! Each workload runs all its subjects in turn, several times, in one process, and compares within each turn. See
//! `docs/performance.md`.

mod domain;
mod history;
mod machine;
mod measure;
mod memory;
mod plot;
mod postgres;
mod report;
mod sqlite;

use std::path::PathBuf;
use std::time::Duration;

use measure::Effort;
use sqlite::Place;

const USAGE: &str = "cargo bench -p es-benches -- [quick] [workload ..]

quick      smaller workloads and 3 repetitions: about 3 minutes
workload   those whose names begin with it: memory, sqlite, postgres, sqlite/replay";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.iter().any(|argument| argument.starts_with('-') || argument == "help") {
        println!("{USAGE}");
        return;
    }
    let quick = arguments.iter().any(|argument| argument == "quick");
    let effort = if quick {
        Effort { repetitions: 3, slice: Duration::from_millis(300), patience: Duration::from_millis(500), divisor: 4 }
    } else {
        Effort { repetitions: 5, slice: Duration::from_secs(1), patience: Duration::from_secs(10), divisor: 1 }
    };
    let wanted: Vec<&String> = arguments.iter().filter(|argument| *argument != "quick").collect();
    let target = PathBuf::from(std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "../target".to_owned()));
    let results = target.join("es-benches");
    if let Err(error) = measure_all(&results, effort, &wanted) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn measure_all(results: &std::path::Path, effort: Effort, wanted: &[&String]) -> std::io::Result<()> {
    std::fs::create_dir_all(results)?;
    let folder = tempfile::Builder::new().prefix("run-").tempdir_in(results)?;
    // They live as long as the program does.
    let place: &'static Place = Box::leak(Box::new(Place::new(folder)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let runtime: &'static tokio::runtime::Runtime = Box::leak(Box::new(runtime));
    let machine = machine::Facts::find(place.folder());
    println!("{}", serde_json::to_string_pretty(&machine)?);
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| name.starts_with(wanted.as_str()));
    let mut figures = Vec::new();
    let makers = memory::makers(runtime, effort).into_iter().chain(sqlite::makers(runtime, place, effort));
    let makers = makers.chain(postgres::makers(runtime, effort));
    for (name, make) in makers {
        if !is_wanted(name) {
            continue;
        }
        for workload in make() {
            println!("\n{}", workload.what);
            for figure in measure::run(workload, effort) {
                println!("  {}", report::line(&figure));
                figures.push(figure);
            }
        }
    }
    report::write(results, &machine, &figures)?;
    std::fs::remove_dir_all(place.folder())?;
    println!("\nwritten to {}", results.display());
    Ok(())
}
