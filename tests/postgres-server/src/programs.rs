//! Where the programs of the server are.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

/// Folders of programs, and folders of those of several versions.
const USUAL: [&str; 4] = ["/usr/local/pgsql/bin", "/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"];
const VERSIONED: [(&str, &str); 6] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/usr/local/opt", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/libexec", ""),
    ("/Library/PostgreSQL", "bin"),
];

/// The folder of the newest server that is installed; one on `PATH` goes first.
pub(crate) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find_map(|folder| complete(&folder));
    on_path.or_else(|| versioned().iter().find_map(|folder| complete(folder)))
}

/// The folder, with links followed, if all that is needed is there.
fn complete(folder: &Path) -> Option<PathBuf> {
    let folder = folder.join("initdb").canonicalize().ok()?.parent()?.to_owned();
    let all = ["initdb", "postgres", "pg_basebackup"];
    all.iter().all(|program| folder.join(program).is_file()).then_some(folder)
}

fn versioned() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for (parent, below) in VERSIONED {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        found.extend(entries.flatten().filter_map(|entry| {
            let name = entry.file_name();
            let name = name.to_str()?;
            let is_one = name.starts_with(|first: char| first.is_ascii_digit())
                || name.starts_with("pgsql-")
                || name.starts_with("postgresql");
            let version: String = name.chars().filter(char::is_ascii_digit).collect();
            is_one.then(|| (version.parse().unwrap_or(0), entry.path().join(below)))
        }));
    }
    found.sort_by_key(|(version, _)| Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).chain(USUAL.map(PathBuf::from)).collect()
}
