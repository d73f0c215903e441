//! `Place`: where a store is, for its errors, and what SQLite's errors mean there.

use std::fs::File;
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use es_core::{JournalError, Position, StreamId};
use rusqlite::ffi::{self, ErrorCode};

/// A store's file, or its place in memory.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    path: Option<Arc<Path>>,
    #[cfg(unix)]
    file: Option<Arc<OpenFile>>,
}

/// The file that is open, and what tells it from another one of its name.
#[cfg(unix)]
#[derive(Debug)]
struct OpenFile {
    /// Without links: where one leads to may change, and the file that is open stays where it is.
    path: PathBuf,
    device_and_inode: (u64, u64),
}

#[cfg(unix)]
impl OpenFile {
    fn at(path: &Path) -> Option<Self> {
        let path = path.canonicalize().ok()?;
        let device_and_inode = device_and_inode(&path).ok()?;
        Some(Self { path, device_and_inode })
    }

    fn is_there(&self) -> bool {
        match device_and_inode(&self.path) {
            Ok(found) => found == self.device_and_inode,
            // What cannot be looked at now may be there.
            Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        }
    }
}

#[cfg(unix)]
fn device_and_inode(path: &Path) -> std::io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = path.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

/// What may go wrong while a store is read or written.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite failed.
    Sqlite(rusqlite::Error),
    /// The rows are not such as this crate writes.
    Damaged {
        /// The position of the event, where it is one.
        position: Option<u64>,
        /// What is wrong.
        what: String,
    },
    /// An inline view does not take the events of an append.
    View {
        /// The name of the projection.
        view: &'static str,
        /// The stream of the event on which it failed; `None` where it failed otherwise.
        stream: Option<StreamId>,
        /// What it says.
        what: String,
    },
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Failure {
    /// The same again, for another caller.
    pub(crate) fn copy(&self) -> Self {
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(code, message)) => {
                Self::Sqlite(rusqlite::Error::SqliteFailure(*code, message.clone()))
            }
            Self::Sqlite(other) => Self::Sqlite(rusqlite::Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_ERROR),
                Some(other.to_string()),
            )),
            Self::Damaged { position, what } => Self::Damaged { position: *position, what: what.clone() },
            Self::View { view, stream, what } => Self::View { view, stream: stream.clone(), what: what.clone() },
        }
    }
}

impl Place {
    pub(crate) fn memory() -> Self {
        Self {
            path: None,
            #[cfg(unix)]
            file: None,
        }
    }

    /// A file that is there.
    pub(crate) fn file(path: &Path) -> Self {
        Self {
            path: Some(path.into()),
            #[cfg(unix)]
            file: OpenFile::at(path).map(Arc::new),
        }
    }

    /// Fails where the file was deleted, moved or replaced while it was open: what is written to it then is found by nobody.
    #[cfg(unix)]
    pub(crate) fn check_file(&self) -> Result<(), Failure> {
        if self.file.as_ref().is_none_or(|file| file.is_there()) {
            return Ok(());
        }
        let what = "the file was deleted, moved or replaced while it was open; put it back, or restart the program";
        Err(rusqlite::Error::ToSqlConversionFailure(what.into()).into())
    }

    /// Elsewhere than on Unix, a file that is open is neither deleted nor moved.
    #[cfg(not(unix))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "on Unix it looks, and may fail")]
    pub(crate) fn check_file(&self) -> Result<(), Failure> {
        Ok(())
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(crate) fn name(&self) -> String {
        match self.path() {
            Some(path) => format!("the journal in `{}`", path.display()),
            None => "the journal in memory".to_owned(),
        }
    }

    pub(crate) fn closed(&self) -> JournalError {
        JournalError::Closed { store: self.name() }
    }

    /// What a failure of `action` is to the caller.
    pub(crate) fn error(&self, action: &'static str, failure: Failure) -> JournalError {
        let store = self.name();
        let error = match failure {
            Failure::Sqlite(error) => error,
            Failure::Damaged { position, what } => {
                return JournalError::Corrupt { store, position: position.map(Position::new), what };
            }
            Failure::View { view, what, .. } => {
                let source = format!("the inline view `{view}` failed: {what}").into();
                return JournalError::Failed { store, action, source };
            }
        };
        let extended_code = error.sqlite_error().map_or(0, |error| error.extended_code);
        let out_of_room = match extended_code {
            ffi::SQLITE_IOERR_SHMSIZE => true,
            // The same for a disk that fails and for a file that may not grow: SQLite keeps the difference to itself.
            ffi::SQLITE_IOERR_WRITE => self.path().is_some_and(is_out_of_room),
            _ => false,
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                JournalError::Busy { store, source: error.into() }
            }
            Some(ErrorCode::DiskFull) => JournalError::Full { store, source: error.into() },
            _ if out_of_room => JournalError::Full { store, source: error.into() },
            Some(ErrorCode::ReadOnly) => JournalError::ReadOnly { store, source: error.into() },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                JournalError::Corrupt { store, position: None, what: error.to_string() }
            }
            _ => JournalError::Failed { store, action, source: error.into() },
        }
    }
}

/// Whether a file as large as those of the database cannot grow, for want of space or because of a limit on its size.
fn is_out_of_room(database: &Path) -> bool {
    let beside = |suffix: &str| {
        let mut path = database.as_os_str().to_owned();
        path.push(suffix);
        PathBuf::from(path)
    };
    let size = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
    let size = size(database).max(size(&beside("-wal")));
    let probe = beside(&format!("-probe-{}", std::process::id()));
    let result = File::create_new(&probe).and_then(|mut file| {
        file.seek(SeekFrom::Start(size))?;
        file.write_all(&[0; 4096])
    });
    // A probe that cannot be removed is empty but for one page; the next one finds it and gives no answer.
    let _ = std::fs::remove_file(&probe);
    result.is_err_and(|error| {
        matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::FileTooLarge | ErrorKind::QuotaExceeded)
    })
}
