//! `Watchdog`: sees to it that a server ends with the program that started it.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::ServerError;

const SCRIPT: &str = include_str!("watchdog.sh");

/// A process that waits for this one to end, or for this to be dropped; then it stops the server, and removes its folder.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    pub(crate) fn start(folder: &Path) -> Result<Self, ServerError> {
        spawn(folder, Stdio::piped()).map(Self)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Stops the server in a folder, and removes the folder.
pub(crate) fn clean(folder: &Path) {
    if let Ok(mut child) = spawn(folder, Stdio::null()) {
        let _ = child.wait();
    }
}

fn spawn(folder: &Path, input: Stdio) -> Result<Child, ServerError> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(SCRIPT).arg("watchdog").arg(folder);
    // A group of its own, so that a key that ends the tests does not end it. Nothing that it keeps open is waited for.
    command.process_group(0).stdin(input).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map_err(ServerError::io("run", "sh"))
}
