//! Why a file cannot be opened.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use es_core::BoxError;

/// Says why a file could not be opened as a journal. Nothing in it was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such file, and it was not to be created.
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// The folder that the file is to be in does not exist.
    NoFolder {
        /// The path.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// There is a directory, or something else that is no file, in the place of the file.
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is not an SQLite database.
    NotADatabase {
        /// The path.
        path: PathBuf,
    },
    /// The file is an SQLite database of another application.
    Foreign {
        /// The path.
        path: PathBuf,
        /// The `application_id` in its header; 0 where it has none.
        application_id: i32,
    },
    /// The file was made by a newer version of this crate.
    Newer {
        /// The path.
        path: PathBuf,
        /// The version of its schema.
        found: u32,
        /// The newest version of the schema that this program knows.
        known: u32,
    },
    /// The file is damaged.
    Damaged {
        /// The path.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The file cannot be opened: in most cases the program has no permission to read it, or to write in its folder.
    Denied {
        /// The path.
        path: PathBuf,
        /// What the system or the database says.
        source: BoxError,
    },
    /// The file can only be read, and it would have to be written first: it is empty, or of an older version.
    ReadOnly {
        /// The path.
        path: PathBuf,
        /// What the database says.
        source: BoxError,
    },
    /// The file cannot be in WAL mode, in which readers and the writer do not wait for each other: the file system does not let
    /// programs share memory, as some across a network do not.
    NoWal {
        /// The path.
        path: PathBuf,
        /// The mode that it is in.
        mode: String,
    },
    /// Another program holds the file for longer than this one waits. Try again.
    Busy {
        /// The path.
        path: PathBuf,
        /// What the database says.
        source: BoxError,
    },
    /// Something else failed.
    Failed {
        /// The path.
        path: PathBuf,
        /// What the system or the database says.
        source: BoxError,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path().display();
        match self {
            Self::Missing { .. } => write!(f, "there is no file `{path}`, and it is not to be created"),
            Self::NoFolder { folder, .. } => {
                let folder = folder.display();
                write!(f, "cannot create `{path}`: there is no folder `{folder}`; create it first")
            }
            Self::NotAFile { .. } => write!(f, "`{path}` is not a file; name a file in it"),
            Self::NotADatabase { .. } => write!(f, "`{path}` is not an SQLite database; was another file meant?"),
            Self::Foreign { application_id, .. } => write!(
                f,
                "`{path}` is the database of another application (id {application_id}); was another file meant?"
            ),
            Self::Newer { found, known, .. } => write!(
                f,
                "`{path}` has version {found} of the schema, and this program knows versions up to {known}; use a newer \
                 es-sqlite"
            ),
            Self::Damaged { what, .. } => write!(f, "`{path}` is damaged: {what}; restore it from a backup"),
            Self::Denied { source, .. } => {
                write!(f, "cannot open `{path}`: {source}; may this program read the file, and write in its folder?")
            }
            Self::ReadOnly { source, .. } => {
                write!(f, "`{path}` cannot be written, and it has to be made ready first: {source}")
            }
            Self::NoWal { mode, .. } => write!(
                f,
                "`{path}` cannot be in WAL mode, and stays in mode `{mode}`; put it on a disk of this machine"
            ),
            Self::Busy { source, .. } => write!(f, "`{path}` is in use by another program: {source}"),
            Self::Failed { source, .. } => write!(f, "cannot open `{path}`: {source}"),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Denied { source, .. }
            | Self::ReadOnly { source, .. }
            | Self::Busy { source, .. }
            | Self::Failed { source, .. } => Some(&**source),
            Self::Missing { .. }
            | Self::NoFolder { .. }
            | Self::NotAFile { .. }
            | Self::NotADatabase { .. }
            | Self::Foreign { .. }
            | Self::Newer { .. }
            | Self::Damaged { .. }
            | Self::NoWal { .. } => None,
        }
    }
}

impl OpenError {
    fn path(&self) -> &Path {
        match self {
            Self::Missing { path }
            | Self::NoFolder { path, .. }
            | Self::NotAFile { path }
            | Self::NotADatabase { path }
            | Self::Foreign { path, .. }
            | Self::Newer { path, .. }
            | Self::Damaged { path, .. }
            | Self::Denied { path, .. }
            | Self::ReadOnly { path, .. }
            | Self::NoWal { path, .. }
            | Self::Busy { path, .. }
            | Self::Failed { path, .. } => path,
        }
    }
}
