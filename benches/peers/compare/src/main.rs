//! Measures es beside other libraries: `benches/peers/run`, which builds all of them first.
//!
//! Each library is a program of its own (`peers_common::Program`), since what they depend on does not go together. For each
//! workload those that run it are started and do it in turn, repetition by repetition; each is compared with what es did in
//! the same repetition.

mod figures;
mod library;
mod machine;
mod measure;
mod program;
mod report;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use library::Library;
use measure::Effort;
use program::Program;

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let effort = if arguments.iter().any(|argument| argument == "quick") {
        Effort { repetitions: 3, patience: Duration::from_millis(500), quick: true }
    } else {
        Effort { repetitions: 5, patience: Duration::from_secs(10), quick: false }
    };
    // The programs are beside this one; their sources are beside its source.
    let this = std::env::current_exe()?;
    let built = this.parent().ok_or("this program has no folder")?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the sources have no folder")?;
    // es is the first: it is what the others are compared with.
    let mut programs = vec![Program::find("es", built, effort)?];
    let mut workloads = Vec::new();
    for argument in arguments.iter().filter(|argument| !["quick", "es"].contains(&argument.as_str())) {
        match argument.split('/').next() {
            Some("memory" | "sqlite" | "postgres") => workloads.push(argument.as_str()),
            _ => programs.push(Program::find(argument, built, effort)?),
        }
    }
    let results = results()?;
    let machine = machine::Facts::find(&results, sources);
    let libraries =
        programs.iter().map(|program| Library::find(program, sources)).collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    for library in &libraries {
        println!("{library}");
    }
    let is_wanted = |name: &str| workloads.is_empty() || workloads.iter().any(|wanted| name.starts_with(wanted));
    let figures = measure::all(&programs, is_wanted, &results, effort)?;
    report::write(&results, &machine, &libraries, &figures)?;
    println!("\nwritten to {}", results.display());
    Ok(())
}

/// The folder that the results are written to.
fn results() -> Done<PathBuf> {
    let folder = std::env::var_os("PEERS_RESULTS").ok_or("PEERS_RESULTS is not set: use benches/peers/run")?;
    std::fs::create_dir_all(&folder)?;
    Ok(folder.into())
}
