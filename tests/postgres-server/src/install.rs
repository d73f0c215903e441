//! Installing the server, where this may be done.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::ServerError;
use crate::{programs, user};

/// The folder of the server's programs; installs them if need be.
pub(crate) fn programs() -> Result<PathBuf, ServerError> {
    if !user::is_root() || !has_apt_get() {
        return programs::find().ok_or(ServerError::NotInstalled);
    }
    // Several tests may come here at once: apt's lists have no lock that is waited for, and what is half installed is not
    // to be found.
    let _lock = lock()?;
    if let Some(found) = programs::find() {
        return Ok(found);
    }
    // Past the capture of a test's output, since it takes a while.
    let _ = writeln!(std::io::stderr(), "no PostgreSQL server is installed: apt-get install postgresql");
    let made = no_server_at_boot();
    // On a fresh machine the lists are missing, or are old. Without new ones the old may do.
    let updated = apt_get(&["update"]);
    let installed = apt_get(&["install", "-y", "--no-install-recommends", "postgresql"]);
    if let Some(file) = made {
        // It is for this install only.
        let _ = fs::remove_file(file);
    }
    installed.map_err(|error| updated.err().unwrap_or(error))?;
    programs::find().ok_or(ServerError::NotInstalled)
}

/// Waits until no other process installs; none does while this is there.
fn lock() -> Result<File, ServerError> {
    let open = |folder: PathBuf| {
        let path = folder.join("es-postgres-server.lock");
        let file = File::options().create(true).append(true).open(&path).map_err(ServerError::io("write", &path))?;
        file.lock().map_err(ServerError::io("lock", &path))?;
        Ok(file)
    };
    open("/var/lock".into()).or_else(|_: ServerError| open(std::env::temp_dir()))
}

fn has_apt_get() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("apt-get").is_file())
}

/// Has Debian's package not make a server that runs all the time; gives the file that says so, if this made it.
fn no_server_at_boot() -> Option<PathBuf> {
    let folder = Path::new("/etc/postgresql-common");
    let file = folder.join("createcluster.conf");
    // Where this does not work the package makes its server, which is in nobody's way.
    if file.exists() || fs::create_dir_all(folder).is_err() {
        return None;
    }
    fs::write(&file, "create_main_cluster = false\n").is_ok().then_some(file)
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
