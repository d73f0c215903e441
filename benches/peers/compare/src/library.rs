//! `Library`: what is told of one beside its figures.

use std::path::Path;

use serde::Serialize;

use crate::program::Program;
use crate::{Done, ES};

/// The libraries of a program, as its lock file has them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Library {
    pub(crate) name: String,
    /// `cqrs-es 0.5.0`.
    pub(crate) versions: Vec<String>,
    /// The packages that the program is built of, its own and the bench's among them.
    pub(crate) packages: usize,
    /// Lines of the bank account's events, commands, state and rules, without empty ones and comments.
    pub(crate) domain_lines: usize,
}

impl Library {
    pub(crate) fn find(program: &Program, sources: &Path) -> Done<Self> {
        let folder = sources.join(&program.name);
        let read = |path: &str| {
            let path = folder.join(path);
            std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
        };
        let lock = read("Cargo.lock")?;
        // es has the account of its own benches.
        let domain = if program.name == ES { "../../run/account.rs" } else { "src/domain.rs" };
        let versions = program.libraries.iter().map(|library| match version(&lock, library) {
            Some(version) => format!("{library} {version}"),
            None => library.clone(),
        });
        Ok(Self {
            name: program.name.clone(),
            versions: versions.collect(),
            packages: lock.lines().filter(|line| *line == "[[package]]").count(),
            domain_lines: read(domain)?.lines().filter(|line| is_code(line)).count(),
        })
    }
}

/// The version of a package, the first where a lock file has several.
fn version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let line = lock.lines().skip_while(|line| *line != name).nth(1)?;
    Some(line.strip_prefix("version = \"")?.trim_end_matches('"'))
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}
