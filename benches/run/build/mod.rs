//! How long programs take to build.

mod generated;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::{Instant, SystemTime};

use crate::measure::{Effort, Maker, Part, Workload};
use crate::sqlite::Place;
use crate::unit::{Target, Unit};

/// The programs that are built: packages of their own, each with its lock file.
const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/build");
const ES_CORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../es-core");

/// How many aggregates the derives are for.
const AGGREGATES: usize = 100;

pub(crate) fn makers(place: &'static Place, effort: Effort) -> Vec<Maker> {
    let repetitions = effort.repetitions.min(3);
    vec![
        ("build/memory", Box::new(move || vec![memory(place).repeat(repetitions)])),
        ("build/sqlite", Box::new(move || vec![sqlite(place).repeat(repetitions)])),
        ("build/derives", Box::new(move || vec![derives(place).repeat(repetitions)])),
    ]
}

fn memory(place: &'static Place) -> Workload {
    let parts = |name| parts(name, Some(Target::MostOfFirst(1.0)), Some(Target::MostOfFirst(1.0)));
    Workload::new("build/memory", "clean build of the least program that keeps its events in memory")
        .parts(self::parts("cqrs-es", None, None), move || clean(place, "cqrs-es"))
        .parts(parts("es"), move || clean(place, "memory"))
        .parts(parts("es without its features `testing` and `tokio`"), move || clean(place, "memory-least"))
}

fn sqlite(place: &'static Place) -> Workload {
    Workload::new("build/sqlite", "clean build of the least program that keeps its events in SQLite")
        .parts(parts("rusqlite", None, None), move || clean(place, "rusqlite"))
        .parts(parts("es", Some(Target::MostAboveFirst(8.0)), None), move || clean(place, "sqlite"))
}

fn parts(name: &str, seconds: Option<Target>, crates: Option<Target>) -> Vec<Part> {
    let part = |what: &str, unit, target: Option<Target>| {
        let part = Part::new(format!("{name}: {what}"), unit);
        match target {
            Some(target) => part.target(target),
            None => part,
        }
    };
    vec![
        part("build", Unit::Seconds, seconds),
        part("build, all processors together", Unit::Seconds, None),
        part("crates", Unit::Crates, crates),
    ]
}

/// Builds a package from nothing: how many seconds it takes, and how many crates there are.
fn clean(place: &Place, package: &str) -> Vec<f64> {
    let (package, target) = (Path::new(PACKAGES).join(package), place.folder().join("build"));
    cargo(&package, &target, &["fetch", "--locked"]);
    let _ = fs::remove_dir_all(&target);
    let (started, before) = (Instant::now(), processor_seconds());
    cargo(&package, &target, &["build", "--locked", "--offline"]);
    let (seconds, of_processors) = (started.elapsed().as_secs_f64(), processor_seconds() - before);
    let _ = fs::remove_dir_all(&target);
    let tree = ["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none", "--no-dedupe"];
    let tree = cargo(&package, &target, &tree);
    // A macro is listed as `name version (proc-macro)`.
    let mut crates: Vec<&str> = tree.lines().filter_map(|line| line.split(" (").next()).collect();
    crates.sort_unstable();
    crates.dedup();
    vec![seconds, of_processors, f64::from(u32::try_from(crates.len()).unwrap_or(u32::MAX))]
}

/// The code of many aggregates, by the derives and by hand: what is not common to both is what they add.
fn derives(place: &'static Place) -> Workload {
    let what = format!(
        "build of a crate of {AGGREGATES} aggregates, 10 commands and 10 events each: what it takes beyond their structs"
    );
    let members = [
        ("structs", generated::structs(AGGREGATES)),
        ("by-hand", generated::by_hand(AGGREGATES)),
        ("derived", generated::derived(AGGREGATES)),
    ];
    let workspace = Rc::new(Members::write(place.folder().join("derives"), &members));
    let added = move |name: &'static str| {
        let workspace = Rc::clone(&workspace);
        move || {
            let structs = workspace.build("structs");
            vec![workspace.build(name) - structs, structs]
        }
    };
    let part = |name: &str| Part::new(name, Unit::Seconds);
    Workload::new("build/derives", what)
        .parts(
            vec![part("by hand: enums, dispatch, names, writing and reading"), part("by hand: the structs, taken off")],
            added("by-hand"),
        )
        .parts(
            vec![part("es: the derives").target(Target::MostOfFirst(1.5)), part("es: the structs, taken off")],
            added("derived"),
        )
}

/// A workspace of generated crates.
struct Members(PathBuf);

impl Members {
    /// Writes it, and builds what the crates depend on.
    fn write(folder: PathBuf, members: &[(&str, String)]) -> Self {
        for (name, source) in members {
            fs::create_dir_all(folder.join(name).join("src")).expect("a folder");
            let manifest = format!(
                "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
                 es-core = {{ path = {ES_CORE:?} }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n\
                 serde_json = \"1\"\n"
            );
            fs::write(folder.join(name).join("Cargo.toml"), manifest).expect("a file");
            fs::write(folder.join(name).join("src/lib.rs"), source).expect("a file");
        }
        let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
        fs::write(folder.join("Cargo.toml"), format!("[workspace]\nresolver = \"3\"\nmembers = {names:?}\n"))
            .expect("a file");
        cargo(&folder, &folder.join("target"), &["build"]);
        Self(folder)
    }

    /// Builds one of them again, and gives how many seconds of a processor that takes: a compiler that has to share it
    /// would not be compared with one that does not.
    fn build(&self, name: &str) -> f64 {
        let source = fs::File::options().append(true).open(self.0.join(name).join("src/lib.rs")).expect("the source");
        source.set_modified(SystemTime::now()).expect("its time");
        let before = processor_seconds();
        cargo(&self.0, &self.0.join("target"), &["build", "--package", name]);
        processor_seconds() - before
    }
}

/// What the processes that this one has waited for have taken of the processors, in seconds.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, fields) = stat.rsplit_once(')').expect("the name of the program");
    // `cutime` and `cstime`, in hundredths.
    let ticks = fields.split_whitespace().skip(13).take(2).map(|ticks| ticks.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / 100.0
}

fn cargo(folder: &Path, target: &Path, arguments: &[&str]) -> String {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let output = cargo
        .current_dir(folder)
        .args(arguments)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_INCREMENTAL", "0")
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    String::from_utf8_lossy(&output.stdout).into_owned()
}
