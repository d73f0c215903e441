//! `Folder`: where a server has its files.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::ServerError;
use crate::{user, watchdog};

/// The name of the folder of all servers, below the target folder.
const ALL: &str = "postgres-servers";
/// The file that is locked for as long as the folder is in use.
const LOCK: &str = "lock";
/// Begins the name of a folder that is being made.
const NEW: &str = "new-";

/// A folder of one server. It is locked for as long as this is there.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Folder {
    /// Makes a folder in which the server can write; clears away what was left behind by programs that were killed.
    pub(crate) fn new() -> Result<Self, ServerError> {
        let mut refused = None;
        for parent in parents() {
            clear(&parent);
            let name = format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
            match Self::make(&parent, &name) {
                Ok(folder) if user::give(&folder.path) => return Ok(folder),
                Ok(folder) => {
                    let _ = fs::remove_dir_all(&folder.path);
                }
                Err(error) => refused = Some(error),
            }
        }
        let nowhere = || ServerError::io("use", std::env::temp_dir())(std::io::ErrorKind::PermissionDenied.into());
        Err(refused.unwrap_or_else(nowhere))
    }

    fn make(parent: &Path, name: &str) -> Result<Self, ServerError> {
        let path = parent.join(name);
        let failed = |action| ServerError::io(action, &path);
        fs::create_dir_all(parent).map_err(failed("make"))?;
        // The server's user has to get through, whatever the umask. Not where somebody else has put a link.
        let is_own = |parent: fs::Metadata| parent.is_dir() && parent.uid() == 0;
        if user::is_root() && fs::symlink_metadata(parent).is_ok_and(is_own) {
            fs::set_permissions(parent, fs::Permissions::from_mode(0o711)).map_err(failed("open"))?;
        }
        // Locked before it has its name, since what is not locked is cleared away.
        let new = parent.join(format!("{NEW}{name}"));
        fs::create_dir(&new).map_err(failed("make"))?;
        fs::set_permissions(&new, fs::Permissions::from_mode(0o700)).map_err(failed("close"))?;
        let lock = File::create(new.join(LOCK)).map_err(failed("write"))?;
        lock.try_lock().map_err(|error| failed("lock")(error.into()))?;
        fs::rename(&new, &path).map_err(failed("make"))?;
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// What a server that was killed has noted of itself.
    pub(crate) fn killed(&self) -> PathBuf {
        self.path.join("killed")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("log")
    }
}

/// Where the folder may be: in the target folder of this program, or where temporary files are.
fn parents() -> Vec<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    // Those of several users do not meet.
    let own = format!("{ALL}-{}", if user::is_root() { "root".to_owned() } else { whoami() });
    let mut parents: Vec<_> = target.map(|target| target.join(ALL)).into_iter().collect();
    for temporary in [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()] {
        let parent = temporary.join(&own);
        if !parents.contains(&parent) {
            parents.push(parent);
        }
    }
    parents
}

fn whoami() -> String {
    std::env::var("USER").unwrap_or_else(|_| "user".to_owned())
}

/// Ends the servers of programs that are there no more, and removes their folders.
fn clear(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    let made = entries.flatten().filter(|entry| !entry.file_name().to_string_lossy().starts_with(NEW));
    for path in made.map(|entry| entry.path()) {
        let Ok(lock) = File::open(path.join(LOCK)) else { continue };
        if lock.try_lock().is_ok() {
            watchdog::clean(&path);
        }
    }
}
