//! Writing the lock file: whole or not at all, and nothing that another test adds is lost.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The files that this process made: what it finds missing in them is as new as the files are.
static MADE: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

/// The right to read and write lock files: one test at a time, of this process and of others.
pub(super) struct Turn {
    made: MutexGuard<'static, Option<HashSet<PathBuf>>>,
    /// Locked while it is open.
    _others: Option<File>,
}

impl Turn {
    /// Waits until no one else has it.
    #[inline]
    pub(super) fn take() -> Self {
        let made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        Self { made, _others: before_others().ok() }
    }

    /// Whether this process made the file.
    #[inline]
    pub(super) fn made(&self, path: &Path) -> bool {
        self.made.as_ref().is_some_and(|made| made.contains(path))
    }

    /// Remembers that this process made the file.
    #[inline]
    pub(super) fn set_made(&mut self, path: &Path) {
        self.made.get_or_insert_default().insert(path.to_owned());
    }
}

/// Locks a file that lies where it disturbs no one. Where there is no such place, writing by renaming still keeps the
/// lock file whole.
#[inline]
fn before_others() -> io::Result<File> {
    let place = std::env::temp_dir().join("es-core.schema-lock");
    // Another user may have made it: reading is enough to lock it.
    let file = File::open(&place).or_else(|_| File::options().create(true).truncate(false).write(true).open(&place))?;
    file.lock()?;
    Ok(file)
}

/// Writes a file as a whole: whoever reads it finds the old text or the new one.
#[inline]
pub(crate) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let written = File::create(&new)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // The error that counts is the first one.
        let _ = fs::remove_file(&new);
    }
    written
}
