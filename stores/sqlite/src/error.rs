//! Why a file cannot be opened.

use std::path::PathBuf;

use es_core::BoxError;

/// Says why a file could not be opened as a journal. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such file, and it was not to be created.
    #[error("there is no file `{}`, and it is not to be created", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// The folder that the file is to be in does not exist.
    #[error("cannot create `{}`: there is no folder `{}`; create it first", path.display(), folder.display())]
    NoFolder {
        /// The path.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// There is a directory, or something else that is no file, in the place of the file.
    #[error("`{}` is not a file; name a file in it", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is not an SQLite database.
    #[error("`{}` is not an SQLite database; was another file meant?", path.display())]
    NotADatabase {
        /// The path.
        path: PathBuf,
    },
    /// The file is an SQLite database of another application.
    #[error("`{}` is the database of another application (id {application_id}); was another file meant?", path.display())]
    Foreign {
        /// The path.
        path: PathBuf,
        /// The `application_id` in its header; 0 where it has none.
        application_id: i32,
    },
    /// The file was made by a newer version of this crate.
    #[error(
        "`{}` has version {found} of the schema, and this program knows versions up to {known}; use a newer es-sqlite",
        path.display()
    )]
    Newer {
        /// The path.
        path: PathBuf,
        /// The version of its schema.
        found: u32,
        /// The newest version of the schema that this program knows.
        known: u32,
    },
    /// The file is damaged.
    #[error("`{}` is damaged: {what}; restore it from a backup", path.display())]
    Damaged {
        /// The path.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The file cannot be opened: in most cases the program has no permission to read it, or to write in its folder.
    #[error("cannot open `{}`: {source}; may this program read the file, and write in its folder?", path.display())]
    Denied {
        /// The path.
        path: PathBuf,
        /// What the system or the database says.
        source: BoxError,
    },
    /// The file can only be read, and it would have to be written first: it is empty, or of an older version.
    #[error("`{}` cannot be written, and it has to be made ready first: {source}", path.display())]
    ReadOnly {
        /// The path.
        path: PathBuf,
        /// What the database says.
        source: BoxError,
    },
    /// The file cannot be in WAL mode, in which readers and the writer do not wait for each other: the file system does not let
    /// programs share memory, as some across a network do not.
    #[error("`{}` cannot be in WAL mode, and stays in mode `{mode}`; put it on a disk of this machine", path.display())]
    NoWal {
        /// The path.
        path: PathBuf,
        /// The mode that it is in.
        mode: String,
    },
    /// Another program holds the file for longer than this one waits. Try again.
    #[error("`{}` is in use by another program: {source}", path.display())]
    Busy {
        /// The path.
        path: PathBuf,
        /// What the database says.
        source: BoxError,
    },
    /// Something else failed.
    #[error("cannot open `{}`: {source}", path.display())]
    Failed {
        /// The path.
        path: PathBuf,
        /// What the system or the database says.
        source: BoxError,
    },
}
