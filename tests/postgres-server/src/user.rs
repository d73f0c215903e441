//! As whom the server runs: it refuses to be root.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// A user that a server can run as, in place of root.
struct User {
    uid: u32,
    gid: u32,
}

static ROOT: LazyLock<bool> = LazyLock::new(|| {
    let output = Command::new("id").arg("-u").stdin(Stdio::null()).output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
});

/// Whether this program is root.
pub(crate) fn is_root() -> bool {
    *ROOT
}

/// The user in place of root; none where this program is not root.
fn substitute() -> Option<User> {
    if !is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        let mut fields =
            users.lines().map(|line| line.split(':')).find(|fields| fields.clone().next() == Some(name))?;
        Some(User { uid: fields.nth(2)?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    };
    find("postgres").or_else(|| find("nobody")).or(Some(User { uid: 65_534, gid: 65_534 }))
}

/// A command that runs as a user that the server can be.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let Some(User { uid, gid }) = substitute() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]);
    command.arg("--").arg(program);
    // What is root's is not to be read or written: a home, a folder for temporary files.
    command.env("HOME", "/").env_remove("TMPDIR").current_dir("/");
    command
}

/// Gives a folder to that user; says whether it can work there.
pub(crate) fn give(folder: &Path) -> bool {
    let Some(User { uid, gid }) = substitute() else { return true };
    if std::os::unix::fs::chown(folder, Some(uid), Some(gid)).is_err() {
        return false;
    }
    let mut test = command("test");
    test.arg("-w").arg(folder).stdin(Stdio::null()).stderr(Stdio::null());
    test.status().is_ok_and(|status| status.success())
}
