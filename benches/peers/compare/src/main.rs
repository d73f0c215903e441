//! Measures es beside other libraries: `benches/peers/run`, which builds all of them first.
//!
//! Each library is a program of its own (`peers_common::Program`), since what they depend on does not go together. For each
//! workload those that run it are started and do it in turn, repetition by repetition; each is compared with what es did in
//! the same repetition. What fails is named, and the others go on.

mod figures;
mod library;
// That of the benches of `es` alone.
#[path = "../../../run/machine.rs"]
mod machine;
mod measure;
mod postgres;
mod program;
mod report;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use library::Library;
use measure::Effort;
use program::Program;
use report::{Absent, Report};

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// What the others are compared with.
const ES: &str = "es";

fn main() -> ExitCode {
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures, writes the results, and gives whether nothing failed.
fn compare() -> Done<bool> {
    let started = Instant::now();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let effort = if arguments.iter().any(|argument| argument == "quick") {
        let (patience, longest) = (Duration::from_millis(500), Duration::from_mins(2));
        Effort { repetitions: 3, patience, longest, quick: true }
    } else {
        let (patience, longest) = (Duration::from_secs(10), Duration::from_mins(10));
        Effort { repetitions: 5, patience, longest, quick: false }
    };
    // The programs are beside this one; their sources are beside its source.
    let this = std::env::current_exe()?;
    let built = this.parent().ok_or("this program has no folder")?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the sources have no folder")?;
    let mut programs = vec![Program::find(ES, built, effort)?];
    let (mut absent, mut workloads) = (absent(), Vec::new());
    for argument in arguments.iter().filter(|argument| !["quick", ES].contains(&argument.as_str())) {
        match argument.split('/').next() {
            Some("memory" | "sqlite" | "postgres") => workloads.push(argument.as_str()),
            _ => match Program::find(argument, built, effort) {
                Ok(program) => programs.push(program),
                Err(error) => absent.push(Absent { program: argument.clone(), why: error.to_string() }),
            },
        }
    }
    let folder = results()?;
    let libraries = programs.iter().map(|program| Library::find(program, sources)).collect::<Done<Vec<_>>>()?;
    let mut report = Report { machine: machine::Facts::find(&folder), libraries, absent, figures: Vec::new() };
    println!("{report}");
    let is_wanted = |name: &str| workloads.is_empty() || workloads.iter().any(|wanted| name.starts_with(wanted));
    measure::all(&programs, is_wanted, &folder, effort, &mut report)?;
    println!("\n{:.0} s in all; written to {}", started.elapsed().as_secs_f64(), folder.display());
    for failure in report.failures() {
        eprintln!("{failure}");
    }
    Ok(report.failures().next().is_none())
}

/// The folder that the results are written to.
fn results() -> Done<PathBuf> {
    let folder = std::env::var_os("PEERS_RESULTS").ok_or("PEERS_RESULTS is not set: use benches/peers/run")?;
    std::fs::create_dir_all(&folder)?;
    Ok(folder.into())
}

/// Those that the script could not build: `PEERS_ABSENT` has a line for each, with its name, a tab and the reason.
fn absent() -> Vec<Absent> {
    let lines = std::env::var("PEERS_ABSENT").unwrap_or_default();
    let split = lines.lines().filter_map(|line| line.split_once('\t'));
    split.map(|(program, why)| Absent { program: program.to_owned(), why: why.to_owned() }).collect()
}
