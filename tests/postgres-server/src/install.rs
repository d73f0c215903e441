//! Installing the server, where this may be done.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::ServerError;
use crate::{programs, user};

/// The folder of the server's programs; installs them if need be.
pub(crate) fn programs() -> Result<PathBuf, ServerError> {
    if let Some(found) = programs::find() {
        return Ok(found);
    }
    if !user::is_root() || !has_apt_get() {
        return Err(ServerError::NotInstalled);
    }
    // Past the capture of a test's output, since it takes a while.
    let _ = writeln!(std::io::stderr(), "no PostgreSQL server is installed: apt-get install postgresql");
    no_server_at_boot();
    // Several tests may come here at once: each waits for the lock.
    let install = ["install", "-y", "--no-install-recommends", "postgresql"];
    // On a fresh machine the lists are missing, or are old.
    apt_get(&install).or_else(|_| apt_get(&["update"]).and_then(|()| apt_get(&install)))?;
    programs::find().ok_or(ServerError::NotInstalled)
}

fn has_apt_get() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("apt-get").is_file())
}

/// Has Debian's package not make a server that runs all the time.
fn no_server_at_boot() {
    let folder = Path::new("/etc/postgresql-common");
    let file = folder.join("createcluster.conf");
    // Where this does not work the package makes its server, which is in nobody's way.
    if !file.exists() && fs::create_dir_all(folder).is_ok() {
        let _ = fs::write(file, "create_main_cluster = false\n");
    }
}

fn apt_get(arguments: &[&str]) -> Result<(), ServerError> {
    let mut command = Command::new("apt-get");
    command.args(["-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    let output = command.output().map_err(ServerError::io("run", "apt-get"))?;
    if output.status.success() {
        return Ok(());
    }
    let output = last_lines(&[output.stdout, output.stderr].concat());
    Err(ServerError::Install { command: format!("apt-get {}", arguments.join(" ")), output })
}

/// The end of what a program said, in one line.
pub(crate) fn last_lines(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(6)..].join(" | ")
}
